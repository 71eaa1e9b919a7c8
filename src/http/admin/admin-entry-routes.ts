import { Hono } from 'hono';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { blobBaseUrl } from '../doors/blob-urls.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { readQuery } from '../wire/query-values.ts';
import type { BodyLimits } from '../wire/read-body.ts';
import { readEntryAddress, readSight } from './entry-address.ts';
import { entryDetail, entrySummary } from './entry-body.ts';
import { type EntryPageBody, type KeyBody, ListQuery, PinRequest, TagsRequest } from './entry-schema.ts';
import { DEFAULT_LIMIT, readCursor, writeCursor } from './page-query.ts';
import { readObject } from './read-object.ts';

/** The entries: lists, one key's, and what people do to them. */
export function adminEntryRoutes(services: HttpServices, options: HttpOptions): Hono {
  const { entrySearch, lineage, entryEditor, purger, usage, bodies, clock } = services;
  const limits: BodyLimits = { maxBytes: options.maxBody, budget: bodies, clock };
  const routes = new Hono();
  const oneKey = '/admin/api/entries/:key';

  routes.get('/admin/api/entries', async (c) => {
    const { sort = 'created', cursor, limit = DEFAULT_LIMIT, ...filter } = readQuery(c, ListQuery);
    // The hits of the last minute count.
    await usage.flush();
    const after = readCursor(sort, cursor);
    const { rows, next } = await entrySearch.list({ filter, sort, after, limit });
    const base = blobBaseUrl(c, options);
    const entries = rows.map((entry) => entrySummary(entry, base));
    return c.json({ entries, next_cursor: writeCursor(sort, next) } satisfies EntryPageBody);
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
    return c.json({ key: address.key, takes } satisfies KeyBody);
  });
  routes.delete(oneKey, async (c) => {
    const removed = await purger.purgeIds(await entryEditor.locate(readEntryAddress(c)));
    return c.json({ ...removed });
  });
  routes.all(oneKey, methodNotAllowed('GET, HEAD, DELETE'));

  routes.post(`${oneKey}/pin`, async (c) => {
    const address = readEntryAddress(c);
    const { pinned } = await readObject(c, limits, PinRequest);
    return c.json({ entries: await entryEditor.pin(address, pinned) });
  });
  routes.all(`${oneKey}/pin`, methodNotAllowed('POST'));

  routes.put(`${oneKey}/tags`, async (c) => {
    const address = readEntryAddress(c);
    const { tags } = await readObject(c, limits, TagsRequest);
    return c.json({ entries: await entryEditor.tag(address, tags) });
  });
  routes.all(`${oneKey}/tags`, methodNotAllowed('PUT'));

  routes.post(`${oneKey}/invalidate`, async (c) =>
    c.json({ entries: await entryEditor.invalidate(readEntryAddress(c)) }),
  );
  routes.all(`${oneKey}/invalidate`, methodNotAllowed('POST'));
  return routes;
}
