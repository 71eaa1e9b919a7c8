import type { NewEntry } from '../../core/entries/entry.ts';
import type { SqlStatement } from '../../ports/sql-database.ts';
import type { EntryUse } from './entry-statements.ts';

/**
 * Every statement that keeps the sums, each for the batch that changes what is summed: no trigger does it, because D1's
 * migrations do not take them reliably.
 */
export const totalStatements = {
  /** With the entry that is inserted. */
  addEntry: ({ site, scope, model, images }: NewEntry): SqlStatement => ({
    sql: `insert into entry_totals (site, scope, model, entries, bytes, hits) values (?, ?, ?, 1, ?, 0)
      on conflict (site, scope, model) do update set entries = entry_totals.entries + 1, bytes = entry_totals.bytes + excluded.bytes`,
    params: [site, scope, model, images.reduce((sum, { size }) => sum + size, 0)],
  }),

  /** Before its blobs are inserted: those that are new. */
  addBlobs: ({ images }: NewEntry): SqlStatement => ({
    sql: `update blob_totals set blobs = blob_totals.blobs + fresh.blobs, bytes = blob_totals.bytes + fresh.bytes
      from (
        select count(*) as blobs, coalesce(sum(size), 0) as bytes
        from (select distinct value ->> 'digest' as digest, value ->> 'size' as size from json_each(?)) image
        where not exists (select 1 from blobs where blobs.sha256 = image.digest)
      ) as fresh`,
    params: [JSON.stringify(images)],
  }),

  addHits: (uses: readonly EntryUse[]): SqlStatement => ({
    sql: `update entry_totals as total set hits = total.hits + used.hits
      from (
        select e.site, e.scope, e.model, sum(value ->> 1) as hits
        from json_each(?) join entries e on e.id = value ->> 0
        group by 1, 2, 3
      ) as used
      where total.site = used.site and total.scope = used.scope and total.model = used.model`,
    params: [JSON.stringify(uses.map(({ id, hits }) => [id, hits]))],
  }),

  /** Before these entries are deleted. */
  subtractEntries: (ids: readonly number[]): SqlStatement => ({
    sql: `update entry_totals as total
      set entries = total.entries - gone.entries, bytes = total.bytes - gone.bytes, hits = total.hits - gone.hits
      from (
        select e.site, e.scope, e.model, count(*) as entries, sum(e.hits) as hits,
          sum((
            select coalesce(sum(b.size), 0) from images i join blobs b on b.sha256 = i.sha256 where i.entry_id = e.id
          )) as bytes
        from entries e where e.id in (select value from json_each(?))
        group by 1, 2, 3
      ) as gone
      where total.site = gone.site and total.scope = gone.scope and total.model = gone.model`,
    params: [JSON.stringify(ids)],
  }),

  /** Of scopes and models that nothing is left of, nothing is told. */
  dropEmpty: (): SqlStatement => ({ sql: 'delete from entry_totals where entries = 0', params: [] }),

  /** Before those of these blobs are deleted that no entry shows. */
  subtractBlobs: (digests: readonly string[]): SqlStatement => ({
    sql: `update blob_totals set blobs = blob_totals.blobs - gone.blobs, bytes = blob_totals.bytes - gone.bytes
      from (
        select count(*) as blobs, coalesce(sum(size), 0) as bytes from blobs
        where sha256 in (select value from json_each(?))
          and not exists (select 1 from images where images.sha256 = blobs.sha256)
      ) as gone`,
    params: [JSON.stringify(digests)],
  }),

  totals: (): SqlStatement => ({
    sql: 'select (select coalesce(sum(entries), 0) from entry_totals) as entries, blobs, bytes from blob_totals',
    params: [],
  }),

  by: (column: 'model' | 'scope'): SqlStatement => ({
    sql: `select ${column} as name, sum(entries) as entries, sum(bytes) as bytes, sum(hits) as hits
      from entry_totals group by ${column} order by entries desc, name`,
    params: [],
  }),
} as const;
