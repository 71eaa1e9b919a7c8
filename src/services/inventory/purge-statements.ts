import type { SqlStatement } from '../../ports/sql-database.ts';

/** Every statement that foresees what a removal would free. */
export const purgeStatements = {
  /** The blobs of these entries: how many of them show each, and whether other entries do too. */
  blobsOf: (ids: readonly number[]): SqlStatement => ({
    sql: `select shown.*, exists (
          select 1 from images other where other.sha256 = shown.sha256 and other.entry_id <> shown.an_entry
        ) as is_shared
      from (
        select i.sha256, b.size, count(distinct i.entry_id) as entries, min(i.entry_id) as an_entry
        from images i join blobs b on b.sha256 = i.sha256
        where i.entry_id in (select value from json_each(?))
        group by i.sha256
      ) as shown`,
    params: [JSON.stringify(ids)],
  }),

  /** How many entries show a blob, counted up to a limit, and its size. */
  entriesShowing: (digest: string, limit: number): SqlStatement => ({
    sql: `select size, (
        select count(*) from (select distinct entry_id from images where sha256 = b.sha256 limit ?)
      ) as entries
      from blobs b where sha256 = ?`,
    params: [limit, digest],
  }),
} as const;
