import type { Entry } from '../../core/entries/entry.ts';
import { facet, searchWords } from '../../core/entries/search-text.ts';
import { readFacts } from '../../core/recipe/recipe-facts.ts';
import type { SqlStatement } from '../../ports/sql-database.ts';

/** What never changes about an entry. */
type Described = Pick<Entry, 'canonical' | 'prompt'>;

/**
 * The facets of entry `e`, as `facet` spells them, but for what `described` knows of its recipe. Asked of the rows in
 * the statement that writes them, so that two changes at once cannot undo each other.
 */
const ROW_FACETS = `
  'model' || hex(e.model) || ' scope' || hex(e.scope) || ' site' || hex(e.site)
  || iif(e.pinned, ' ${facet('pinned', 'true')}', ' ${facet('pinned', 'false')}')
  || coalesce((select ' ' || group_concat('tag' || hex(t.tag), ' ') from entry_tags t where t.entry_id = e.id), '')`;

/** Every statement that writes what entries are found by. */
export const searchStatements = {
  /** Makes entries findable as they are now. */
  index: (entries: readonly (Described & Pick<Entry, 'id'>)[]): SqlStatement => ({
    sql: `insert or replace into entry_search (rowid, words, facets)
      select e.id, value ->> 'words', value ->> 'facets' || ${ROW_FACETS}
      from json_each(?) join entries e on e.id = value ->> 'id'`,
    params: [JSON.stringify(entries.map((entry) => ({ id: entry.id, ...described(entry) })))],
  }),

  /** The same for the newest entry of a key: inside the batch that inserts it, whose id is not known outside. */
  indexInserted: (entry: Described & Pick<Entry, 'site' | 'scope' | 'key'>): SqlStatement => {
    const { words, facets } = described(entry);
    return {
      sql: `insert into entry_search (rowid, words, facets)
        select e.id, ?, ? || ${ROW_FACETS} from entries e
        where e.id = (select max(id) from entries where site = ? and scope = ? and key = ?)`,
      params: [words, facets, entry.site, entry.scope, entry.key],
    };
  },

  /** Takes deleted entries out. */
  remove: (ids: readonly number[]): SqlStatement => ({
    sql: 'delete from entry_search where rowid in (select value from json_each(?))',
    params: [JSON.stringify(ids)],
  }),

  /** Entries from before there was a search, newest first. */
  backlog: (limit: number): SqlStatement => ({
    sql: `select e.id, e.prompt, e.canonical from search_backlog s join entries e on e.id = s.entry_id
      order by s.entry_id desc limit ?`,
    params: [limit],
  }),

  /** Takes them off the list. */
  caughtUp: (ids: readonly number[]): SqlStatement => ({
    sql: 'delete from search_backlog where entry_id in (select value from json_each(?))',
    params: [JSON.stringify(ids)],
  }),
} as const;

function described({ canonical, prompt }: Described) {
  const { size, seed } = readFacts(canonical);
  const facets = [
    ...(size === undefined ? [] : [facet('size', size)]),
    ...(seed === undefined ? [] : [facet('seed', String(seed))]),
  ];
  // A word more or less of space is nothing to the index; this one keeps two facets apart.
  return { words: searchWords(prompt), facets: `${facets.join(' ')} ` };
}
