import type { EntryFilter, EntrySort } from '../../core/entries/entry-filter.ts';
import type { PagePlace } from '../../core/pagination.ts';
import type { SqlStatement, SqlValue } from '../../ports/sql-database.ts';

/** A filter, as the tables know it. Times and ids are inclusive. */
export interface Selection {
  readonly filter: EntryFilter;
  /** The same as a query over `entry_search`; undefined when everything fits. */
  readonly query: string | undefined;
  readonly createdFrom: number;
  readonly createdTo: number;
  /** Entries of that time have ids from here … */
  readonly firstId: number;
  /** … to here, among others. */
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
  /** The lowest and the highest id; null where there are none. */
  ids: (): SqlStatement => ({
    sql: 'select (select min(id) from entries) as first, (select max(id) from entries) as last',
    params: [],
  }),

  /** The same of a time: imported entries are older than their ids, so all of that time are looked at, in the index. */
  idsBetween: (from: number, to: number): SqlStatement => ({
    sql: 'select min(id) as first, max(id) as last from entries where created_at between ? and ?',
    params: [from, to],
  }),

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

  /** What a query finds, sorted: the newest `most` of it. */
  sortedFound: (
    { query, createdFrom, createdTo, firstId, lastId }: Selection & { query: string },
    { sort, after, limit }: PageQuery,
    most: number,
  ): SqlStatement => ({
    sql: `select e.id, e.${COLUMNS[sort]} as at
      from (
        select rowid as id from entry_search where entry_search match ? and rowid between ? and ?
        order by rowid desc limit ?
      ) s cross join entries e on e.id = s.id
      where +e.created_at between ? and ? and (+e.${COLUMNS[sort]}, +e.id) < (?, ?)
      order by at desc, e.id desc limit ?`,
    params: [query, firstId, lastId, most, createdFrom, createdTo, after.at, after.id, limit],
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

  /** The next `steps` entries of about that time in the order of the list, and which of them fit, its words aside. */
  walk: (
    { filter, createdFrom, createdTo, firstId, lastId }: Selection,
    { sort, after }: Omit<PageQuery, 'limit'>,
    steps: number,
  ): SqlStatement => {
    const conditions = conditionsOf(filter);
    return {
      sql: `select w.id, w.at, ${['e.created_at between ? and ?', ...conditions.map(({ sql }) => sql)].join(' and ')} as fits
        from (
          select id, ${COLUMNS[sort]} as at from entries
          where (${COLUMNS[sort]}, id) < (?, ?) and +id between ? and ?
          order by ${COLUMNS[sort]} desc, id desc limit ?
        ) w cross join entries e on e.id = w.id
        order by w.at desc, w.id desc`,
      params: [
        createdFrom,
        createdTo,
        ...conditions.map(({ value }) => value),
        after.at,
        after.id,
        firstId,
        lastId,
        steps,
      ],
    };
  },

  /** Everything in the order of the list. */
  all: ({ sort, after, limit }: PageQuery): SqlStatement => ({
    sql: `select id, ${COLUMNS[sort]} as at from entries
      where (${COLUMNS[sort]}, id) < (?, ?) order by ${COLUMNS[sort]} desc, id desc limit ?`,
    params: [after.at, after.id, limit],
  }),
} as const;

/** How the row itself is asked for each field of a filter that is indexed, its words aside. */
const CONDITIONS: Readonly<Record<Exclude<keyof EntryFilter, 'q' | 'min_age' | 'max_age'>, string>> = {
  pinned: 'e.pinned = ?',
  site: 'e.site = ?',
  scope: 'e.scope = ?',
  model: 'e.model = ?',
  tag: 'exists (select 1 from entry_tags t where t.entry_id = e.id and t.tag = ?)',
  size: "e.canonical ->> '$.parameters.size' is ?",
  seed: "e.canonical ->> '$.parameters.seed' is ?",
};

/** A filter asked of the row itself: quicker for one entry than the index, which is for all. */
function conditionsOf(filter: EntryFilter): readonly { readonly sql: string; readonly value: SqlValue }[] {
  const values = new Map<string, string | number | boolean | undefined>(Object.entries(filter));
  return Object.entries(CONDITIONS).flatMap(([name, sql]) => {
    const value = values.get(name);
    return value === undefined ? [] : [{ sql, value: typeof value === 'boolean' ? Number(value) : value }];
  });
}
