import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { SqlDatabase } from '../../ports/sql-database.ts';
import { addRemoved, type EntryRemover, NOTHING_REMOVED, type Removed } from '../entries/entry-remover.ts';
import { integer, text } from '../row.ts';
import type { EntrySearch, TaggedEntry } from './entry-search.ts';
import type { Selection } from './entry-search-statements.ts';
import { purgeStatements } from './purge-statements.ts';

/** What went, or would go, with the newest of it. */
export interface Purge extends Removed {
  readonly sample: readonly TaggedEntry[];
}

const SAMPLE = 10;
/** Entries deleted in one go: publishers wait meanwhile. */
const BATCH = 50;
/** Entries counted in one go: a few milliseconds in which no request is answered. */
const SLICE = 500;

/** Collaborators of `Purger`. */
export interface PurgerDeps {
  readonly database: SqlDatabase;
  readonly entrySearch: EntrySearch;
  readonly remover: EntryRemover;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Removes what a filter fits. Entries stored after it began are none of its business. */
export class Purger {
  readonly #deps: PurgerDeps;

  constructor(deps: PurgerDeps) {
    this.#deps = deps;
  }

  /** Removes the entries that fit; pinned ones too, unless the filter spares them. */
  async purge(selection: Selection | undefined): Promise<Purge> {
    const sample = await this.#sample(selection);
    let removed = NOTHING_REMOVED;
    for await (const ids of this.#slices(selection, BATCH)) {
      removed = addRemoved(removed, await this.#deps.remover.remove(ids));
    }
    if (removed.entries > 0) this.#deps.reporter.report({ type: 'purged', ...removed });
    return { ...removed, sample };
  }

  /** Removes these entries, whatever they are. */
  async purgeIds(ids: readonly number[]): Promise<Removed> {
    const removed = await this.#deps.remover.remove(ids);
    if (removed.entries > 0) this.#deps.reporter.report({ type: 'purged', ...removed });
    return removed;
  }

  /** What `purge` would remove if it began now. */
  async forecast(selection: Selection | undefined): Promise<Purge> {
    const sample = await this.#sample(selection);
    let removed = NOTHING_REMOVED;
    /** Blobs that several entries show: which of those fit is known only at the end. */
    const shared = new Map<string, number>();
    for await (const ids of this.#slices(selection, SLICE)) {
      removed = addRemoved(removed, { ...NOTHING_REMOVED, entries: ids.length });
      for (const row of await this.#deps.database.all(purgeStatements.blobsOf(ids))) {
        const entries = integer(row, 'entries');
        if (row.is_shared === 0) removed = addRemoved(removed, oneBlob(integer(row, 'size')));
        else shared.set(text(row, 'sha256'), (shared.get(text(row, 'sha256')) ?? 0) + entries);
      }
    }
    for (const [digest, entries] of shared) {
      const [row] = await this.#deps.database.all(purgeStatements.entriesShowing(digest, entries + 1));
      if (row !== undefined && integer(row, 'entries') === entries)
        removed = addRemoved(removed, oneBlob(integer(row, 'size')));
    }
    return { ...removed, sample };
  }

  async #sample(selection: Selection | undefined): Promise<readonly TaggedEntry[]> {
    if (selection === undefined) return [];
    return await this.#deps.entrySearch.withTags(
      await this.#deps.entrySearch.newestIds(selection, selection.lastId + 1, SAMPLE),
    );
  }

  /** The ids that fit, newest first, with time for requests between the slices. */
  async *#slices(selection: Selection | undefined, size: number): AsyncGenerator<readonly number[]> {
    if (selection === undefined) return;
    let below = selection.lastId + 1;
    for (;;) {
      const ids = await this.#deps.entrySearch.newestIds(selection, below, size);
      const last = ids.at(-1);
      if (last === undefined) return;
      yield ids;
      below = last;
      await this.#deps.clock.sleep(0);
    }
  }
}

function oneBlob(size: number): Removed {
  return { entries: 0, blobs: 1, bytes: size };
}
