import { type Context, Hono } from 'hono';
import { isDigest } from '../../core/entries/blob.ts';
import { invalid } from '../../core/errors.ts';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { readQuery, refuseQuery } from '../wire/query-values.ts';
import { type BodyLimits, readArrival, withHold } from '../wire/read-body.ts';
import { readEntryAddress } from './entry-address.ts';
import { portableBody, portableOf, refusePortable } from './portable-entry.ts';
import { readObject } from './read-object.ts';
import { ImportQuery, PortableEntry } from './transfer-schema.ts';

/** A row of D1 has 2 MB, in which a carried text stands twice at most: the words of a recipe, beside its canonical form. */
const MAX_ENTRY_BYTES = 1_000_000;

/** Entries on their way to another store, and from one: pictures by themselves, then the entries that show them. */
export function adminTransferRoutes(services: HttpServices, options: HttpOptions): Hono {
  const { entrySearch, lineage, entryEditor, importer, bodies, clock } = services;
  const routes = new Hono();

  routes.get('/admin/api/entries/:key/export', async (c) => {
    const entries = await entrySearch.withTags(await entryEditor.locate(readEntryAddress(c)));
    const answering = entries.filter(({ invalidatedAt }) => invalidatedAt === undefined);
    const related = await lineage.relate(answering.toReversed());
    return c.json({ entries: related.map(portableBody) });
  });
  routes.all('/admin/api/entries/:key/export', methodNotAllowed('GET, HEAD'));

  routes.put('/admin/api/blobs/:sha256', async (c) => {
    refuseQuery(c);
    const digest = readDigest(c);
    // Not held: the bytes go to the store as they come.
    const limits = { maxBytes: options.maxImage, budget: bodies };
    const taken = await withHold(c, limits, () =>
      readArrival(
        c,
        () => {},
        clock,
        (chunks) => importer.receive(digest, chunks),
      ),
    );
    const { size, width, height, mediaType } = taken;
    return c.json({ sha256: digest, width, height, media_type: mediaType, bytes: size });
  });
  routes.all('/admin/api/blobs/:sha256', methodNotAllowed('PUT'));

  routes.post('/admin/api/entries', async (c) => {
    const instead = readQuery(c, ImportQuery);
    const limits: BodyLimits = { maxBytes: options.maxBody, budget: bodies, clock };
    const reading = { atMost: MAX_ENTRY_BYTES, complain: refusePortable, instead };
    const portable = portableOf(await readObject(c, limits, PortableEntry, reading));
    const { entry, isNew } = await importer.take(portable);
    return c.json({ ...entry, imported: isNew }, isNew ? 201 : 200);
  });
  return routes;
}

function readDigest(c: Context): string {
  const digest = c.req.param('sha256') ?? '';
  if (isDigest(digest)) return digest;
  throw invalid('sha256', 'must be 64 lower-case hex digits, in the path');
}
