import { Hono } from 'hono';
import { invalid } from '../../core/dialects/normalized-request.ts';
import { ENTRY_SORTS } from '../../core/entries/entry-filter.ts';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { blobBaseUrl } from '../doors/blob-urls.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { oneOf, queryValues, wholeNumber } from '../wire/query-values.ts';
import type { BodyLimits } from '../wire/read-body.ts';
import { readEntryAddress, readSight } from './entry-address.ts';
import { entryDetail, entrySummary } from './entry-body.ts';
import { FILTER_NAMES, readFilter } from './entry-filter.ts';
import { readCursor, writeCursor } from './page-cursor.ts';
import { optionalFlag, readObject } from './read-object.ts';
import { readTags } from './read-tags.ts';

/** How many rows a page has. */
export const PAGE_LIMITS = { min: 1, max: 200 } as const;
export const DEFAULT_LIMIT = 50;

/** The entries: lists, one key's, and what people do to them. */
export function adminEntryRoutes(services: HttpServices, options: HttpOptions): Hono {
  const { entrySearch, lineage, entryEditor, purger, usage, bodies, clock } = services;
  const limits: BodyLimits = { maxBytes: options.maxBody, budget: bodies, clock };
  const routes = new Hono();
  const oneKey = '/admin/api/entries/:key';

  routes.get('/admin/api/entries', async (c) => {
    const values = queryValues(c, [...FILTER_NAMES, 'sort', 'cursor', 'limit']);
    const sort = oneOf(values, 'sort', ENTRY_SORTS) ?? 'created';
    // The hits of the last minute count.
    await usage.flush();
    const { rows, next } = await entrySearch.list({
      filter: readFilter(values),
      sort,
      after: readCursor(sort, values),
      limit: wholeNumber(values, 'limit', PAGE_LIMITS) ?? DEFAULT_LIMIT,
    });
    const base = blobBaseUrl(c, options);
    return c.json({
      entries: rows.map((entry) => entrySummary(entry, base)),
      next_cursor: writeCursor(sort, next),
    });
  });
  routes.all('/admin/api/entries', methodNotAllowed('GET, HEAD, POST'));

  routes.get(oneKey, async (c) => {
    const { address, isAll } = readSight(c);
    await usage.flush();
    const entries = await entrySearch.withTags(
      await (isAll ? entryEditor.find(address) : entryEditor.locate(address)),
    );
    const base = blobBaseUrl(c, options);
    const takes = (await lineage.relate(entries)).map((related) => entryDetail(related, base));
    return c.json({ key: address.key, takes });
  });
  routes.delete(oneKey, async (c) => {
    const removed = await purger.purgeIds(await entryEditor.locate(readEntryAddress(c)));
    return c.json({ ...removed });
  });
  routes.all(oneKey, methodNotAllowed('GET, HEAD, DELETE'));

  routes.post(`${oneKey}/pin`, async (c) => {
    const address = readEntryAddress(c);
    const pinned = optionalFlag(await readObject(c, limits, ['pinned']), 'pinned');
    if (pinned === undefined) throw invalid('pinned', 'is missing: true or false');
    return c.json({ entries: await entryEditor.pin(address, pinned) });
  });
  routes.all(`${oneKey}/pin`, methodNotAllowed('POST'));

  routes.put(`${oneKey}/tags`, async (c) => {
    const address = readEntryAddress(c);
    const tags = readTags((await readObject(c, limits, ['tags'])).tags);
    return c.json({ entries: await entryEditor.tag(address, tags) });
  });
  routes.all(`${oneKey}/tags`, methodNotAllowed('PUT'));

  routes.post(`${oneKey}/invalidate`, async (c) =>
    c.json({ entries: await entryEditor.invalidate(readEntryAddress(c)) }),
  );
  routes.all(`${oneKey}/invalidate`, methodNotAllowed('POST'));
  return routes;
}
