import type { SqlStatement } from '../../ports/sql-database.ts';

/** Whose entries of one key are meant; undefined means anybody's, and all takes. */
export interface KeyAddress {
  readonly key: string;
  readonly site?: string | undefined;
  readonly scope?: string | undefined;
  readonly take?: number | undefined;
}

/** Every statement about single entries that only people ask. */
export const entryDetailStatements = {
  /** The entries of a key, newest first. */
  ofKey: ({ key, site, scope, take }: KeyAddress): SqlStatement => ({
    sql: `select id, site, scope from entries
      where key = ? and site = coalesce(?, site) and scope = coalesce(?, scope) and take = coalesce(?, take)
      order by id desc`,
    params: [key, site ?? null, scope ?? null, take ?? null],
  }),

  tags: (ids: readonly number[]): SqlStatement => ({
    sql: `select entry_id, tag from entry_tags where entry_id in (select value from json_each(?))
      order by entry_id, tag`,
    params: [JSON.stringify(ids)],
  }),

  /** The references of entries, and whether their bytes are a blob of ours. */
  references: (ids: readonly number[]): SqlStatement => ({
    sql: `select r.entry_id, r.position, r.field, r.sha256,
        exists (select 1 from blobs b where b.sha256 = r.sha256) as known
      from entry_references r where r.entry_id in (select value from json_each(?))
      order by r.entry_id, r.position`,
    params: [JSON.stringify(ids)],
  }),

  /** The newest entries that show a blob. */
  drawnBy: (digest: string, limit: number): SqlStatement => ({
    sql: `select distinct e.id, e.key, e.site, e.scope, e.prompt from images i join entries e on e.id = i.entry_id
      where i.sha256 = ? order by e.id desc limit ?`,
    params: [digest, limit],
  }),

  /** The newest entries that a blob was a reference of. */
  usedBy: (digest: string, limit: number): SqlStatement => ({
    sql: `select distinct e.id, e.key, e.site, e.scope, e.prompt from entry_references r join entries e on e.id = r.entry_id
      where r.sha256 = ? order by e.id desc limit ?`,
    params: [digest, limit],
  }),

  pin: (ids: readonly number[], pinned: boolean): SqlStatement => ({
    sql: 'update entries set pinned = ? where id in (select value from json_each(?))',
    params: [pinned ? 1 : 0, JSON.stringify(ids)],
  }),

  clearTags: (ids: readonly number[]): SqlStatement => ({
    sql: 'delete from entry_tags where entry_id in (select value from json_each(?))',
    params: [JSON.stringify(ids)],
  }),

  addTags: (ids: readonly number[], tags: readonly string[]): SqlStatement => ({
    sql: `insert into entry_tags (entry_id, tag)
      select e.id, t.value from json_each(?) i join entries e on e.id = i.value join json_each(?) t where true
      on conflict (entry_id, tag) do nothing`,
    params: [JSON.stringify(ids), JSON.stringify(tags)],
  }),
} as const;
