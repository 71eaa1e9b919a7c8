import type { EntrySort } from '../core/entry-filter.ts';
import type { PagePlace } from '../core/page.ts';
import type { SqlStatement } from '../ports/sql-database.ts';

/** A filter, as the tables know it. Times and ids are inclusive. */
export interface Selection {
  /** A query over `entry_search`; undefined when everything fits. */
  readonly query: string | undefined;
  readonly createdFrom: number;
  readonly createdTo: number;
  /** Where the ids of that time are. */
  readonly firstId: number;
  readonly lastId: number;
}

export interface PageQuery {
  readonly sort: EntrySort;
  /** What comes next is beyond it. */
  readonly after: PagePlace;
  readonly limit: number;
}

/** Newer entries have higher ids, so those need no column of their own. */
const COLUMNS: Readonly<Record<EntrySort, string>> = { created: 'id', used: 'used_at', hits: 'hits' };

/**
 * Every statement that lists entries. Pages are of `id` and `at`, what they are sorted by, the highest first. SQLite
 * keeps no statistics here: `cross join` says which table leads, `+` which column is no way in.
 */
export const inventoryStatements = {
  /** From which id to which the entries of a time are; null when there are none. */
  idsBetween: (createdFrom: number, createdTo: number): SqlStatement => ({
    sql: 'select min(id) as first, max(id) as last from entries where created_at between ? and ?',
    params: [createdFrom, createdTo],
  }),

  newestId: (): SqlStatement => ({ sql: 'select max(id) as last from entries', params: [] }),

  /** How many a query finds, counted up to a limit. */
  count: ({ query, firstId, lastId }: Selection & { query: string }, limit: number): SqlStatement => ({
    sql: `select count(*) as n from (
        select rowid from entry_search where entry_search match ? and rowid between ? and ? limit ?
      )`,
    params: [query, firstId, lastId, limit],
  }),

  /** The newest that a query finds: the index has them in this order. */
  newestFound: (
    { query, createdFrom, createdTo, firstId, lastId }: Selection & { query: string },
    { after, limit }: Pick<PageQuery, 'after' | 'limit'>,
  ): SqlStatement => ({
    sql: `select s.rowid as id, s.rowid as at from entry_search s cross join entries e on e.id = s.rowid
      where s.entry_search match ? and s.rowid between ? and ? and +e.created_at between ? and ?
      order by s.rowid desc limit ?`,
    params: [query, firstId, Math.min(lastId, after.id - 1), createdFrom, createdTo, limit],
  }),

  newest: (
    { createdFrom, createdTo, firstId, lastId }: Selection,
    { after, limit }: Pick<PageQuery, 'after' | 'limit'>,
  ): SqlStatement => ({
    sql: `select id, id as at from entries
      where id between ? and ? and +created_at between ? and ? order by id desc limit ?`,
    params: [firstId, Math.min(lastId, after.id - 1), createdFrom, createdTo, limit],
  }),

  /** All that a query finds, sorted: for few. */
  sortedFound: (
    { query, createdFrom, createdTo, firstId, lastId }: Selection & { query: string },
    { sort, after, limit }: PageQuery,
  ): SqlStatement => ({
    sql: `select e.id, e.${COLUMNS[sort]} as at from entry_search s cross join entries e on e.id = s.rowid
      where s.entry_search match ? and s.rowid between ? and ? and +e.created_at between ? and ?
        and (+e.${COLUMNS[sort]}, +e.id) < (?, ?)
      order by at desc, e.id desc limit ?`,
    params: [query, firstId, lastId, createdFrom, createdTo, after.at, after.id, limit],
  }),

  /** All of a time, sorted: for few. */
  sorted: (
    { createdFrom, createdTo, firstId, lastId }: Selection,
    { sort, after, limit }: PageQuery,
  ): SqlStatement => ({
    sql: `select id, +${COLUMNS[sort]} as at from entries
      where id between ? and ? and +created_at between ? and ? and (+${COLUMNS[sort]}, +id) < (?, ?)
      order by at desc, +id desc limit ?`,
    params: [firstId, lastId, createdFrom, createdTo, after.at, after.id, limit],
  }),

  /** The next `steps` entries in the order of the list, and which of them fit: for filters that many fit. */
  walk: (
    { query, createdFrom, createdTo }: Selection,
    { sort, after }: Omit<PageQuery, 'limit'>,
    steps: number,
  ): SqlStatement => ({
    sql: `select w.id, w.at,
        w.created_at between ? and ?
          and (? is null or exists (select 1 from entry_search s where s.rowid = w.id and s.entry_search match ?))
          as fits
      from (
        select id, ${COLUMNS[sort]} as at, created_at from entries
        where (${COLUMNS[sort]}, id) < (?, ?) order by ${COLUMNS[sort]} desc, id desc limit ?
      ) w
      order by w.at desc, w.id desc`,
    params: [createdFrom, createdTo, query ?? null, query ?? '""', after.at, after.id, steps],
  }),

  /** Everything in the order of the list. */
  all: ({ sort, after, limit }: PageQuery): SqlStatement => ({
    sql: `select id, ${COLUMNS[sort]} as at from entries
      where (${COLUMNS[sort]}, id) < (?, ?) order by ${COLUMNS[sort]} desc, id desc limit ?`,
    params: [after.at, after.id, limit],
  }),
} as const;
