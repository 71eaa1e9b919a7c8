import type { Entry } from '../../core/entries/entry.ts';
import type { EntryFilter, EntrySort } from '../../core/entries/entry-filter.ts';
import { BEFORE_ALL, type Page, type PagePlace } from '../../core/pagination.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SqlDatabase, SqlRow, SqlStatement } from '../../ports/sql-database.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import { first, integer, optionalInteger, text } from '../row.ts';
import { entryDetailStatements } from './entry-detail-statements.ts';
import { inventoryStatements, type PageQuery, type Selection } from './entry-search-statements.ts';
import { searchQuery } from './search-query.ts';

/** An entry with what people wrote on it. */
export interface TaggedEntry extends Entry {
  /** In alphabetical order. */
  readonly tags: readonly string[];
}

export interface ListQuery {
  readonly filter: EntryFilter;
  readonly sort: EntrySort;
  /** Where the page before ended. */
  readonly after?: PagePlace | undefined;
  readonly limit: number;
}

const ALWAYS = Number.MAX_SAFE_INTEGER;
/** As many are looked up and sorted within some tens of milliseconds. */
const FEW = 10_000;
/** Entries looked at in one go in the order of the list. */
const STEPS = 1_000;
/** So many, and then all that fit are sorted after all. */
const MAX_STEPS = 6_000;
/** Words that more entries hold: the newest of those are sorted by use or hits. */
const MOST_FOUND = 20_000;

/** Collaborators of `EntrySearch`. */
export interface EntrySearchDeps {
  readonly database: SqlDatabase;
  readonly entries: Pick<EntryStore, 'findAll'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Lists what is stored. Its time hardly grows with the number of entries. */
export class EntrySearch {
  readonly #deps: EntrySearchDeps;

  constructor(deps: EntrySearchDeps) {
    this.#deps = deps;
  }

  /** One page of the entries that fit. */
  async list({ filter, sort, after = BEFORE_ALL, limit }: ListQuery): Promise<Page<TaggedEntry>> {
    const selection = await this.select(filter);
    if (selection === undefined) return { rows: [], next: undefined };
    const places = await this.#page(selection, { sort, after, limit: limit + 1 });
    const shown = places.slice(0, limit);
    return {
      rows: await this.withTags(shown.map(({ id }) => id)),
      next: places.length > limit ? shown.at(-1) : undefined,
    };
  }

  /** What a filter means right now; undefined when nothing can fit. */
  async select(filter: EntryFilter): Promise<Selection | undefined> {
    const { min_age: minAgeMs, max_age: maxAgeMs } = filter;
    const now = this.#deps.clock.now();
    const createdFrom = maxAgeMs === undefined ? 0 : now - maxAgeMs;
    const createdTo = minAgeMs === undefined ? ALWAYS : now - minAgeMs;
    const isEver = minAgeMs === undefined && maxAgeMs === undefined;
    const ids = isEver ? inventoryStatements.ids() : inventoryStatements.idsBetween(createdFrom, createdTo);
    const row = first(await this.#deps.database.all(ids));
    const firstId = optionalInteger(row, 'first');
    const lastId = optionalInteger(row, 'last');
    if (firstId === undefined || lastId === undefined) return undefined;
    return { filter, query: searchQuery(filter), createdFrom, createdTo, firstId, lastId };
  }

  /** The ids of the newest entries of a selection that are older than `below`. */
  async newestIds(selection: Selection, below: number, limit: number): Promise<readonly number[]> {
    const places = await this.#page(selection, { sort: 'created', after: { at: below, id: below }, limit });
    return places.map(({ id }) => id);
  }

  /** The entries with these ids, in this order. */
  async withTags(ids: readonly number[]): Promise<readonly TaggedEntry[]> {
    const tags = new Map<number, string[]>();
    for (const row of await this.#deps.database.all(entryDetailStatements.tags(ids))) {
      const id = integer(row, 'entry_id');
      tags.set(id, [...(tags.get(id) ?? []), text(row, 'tag')]);
    }
    const entries = await this.#deps.entries.findAll(ids);
    return entries.map((entry) => ({ ...entry, tags: tags.get(entry.id) ?? [] }));
  }

  async #page(selection: Selection, page: PageQuery): Promise<readonly PagePlace[]> {
    const { query } = selection;
    const found = query === undefined ? undefined : { ...selection, query };
    if (page.sort === 'created') {
      return await this.#places(
        found === undefined
          ? inventoryStatements.newest(selection, page)
          : inventoryStatements.newestFound(found, page),
      );
    }
    const isAll = found === undefined && selection.createdFrom === 0 && selection.createdTo === ALWAYS;
    if (isAll) return await this.#places(inventoryStatements.all(page));
    // Of what many fit, a page is soon met in the order of the list; what few fit is looked up and sorted.
    if (selection.filter.q === undefined && (await this.#count(selection)) > FEW) {
      const met = await this.#walk(selection, page);
      if (met.length === page.limit) return met;
    }
    const most = selection.filter.q === undefined ? ALWAYS : MOST_FOUND;
    return await this.#places(
      found === undefined
        ? inventoryStatements.sorted(selection, page)
        : inventoryStatements.sortedFound(found, page, most),
    );
  }

  async #count({ query, ...selection }: Selection): Promise<number> {
    if (query === undefined) return selection.lastId - selection.firstId + 1;
    const statement = inventoryStatements.count({ ...selection, query }, FEW + 1);
    return integer(first(await this.#deps.database.all(statement)), 'n');
  }

  /** As many as a page wants, or fewer when they are not met within the steps allowed. */
  async #walk(selection: Selection, page: PageQuery): Promise<readonly PagePlace[]> {
    const met: PagePlace[] = [];
    let { after } = page;
    for (let steps = 0; steps < MAX_STEPS; steps += STEPS) {
      const rows = await this.#deps.database.all(
        inventoryStatements.walk(selection, { sort: page.sort, after }, STEPS),
      );
      met.push(...rows.filter((row) => row.fits === 1).map(readPlace));
      const last = rows.at(-1);
      if (met.length >= page.limit || last === undefined) break;
      after = readPlace(last);
    }
    return met.slice(0, page.limit);
  }

  async #places(statement: SqlStatement): Promise<readonly PagePlace[]> {
    return (await this.#deps.database.all(statement)).map(readPlace);
  }
}

function readPlace(row: SqlRow): PagePlace {
  return { id: integer(row, 'id'), at: integer(row, 'at') };
}
