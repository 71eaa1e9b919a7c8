import type { Clock } from '../../ports/clock.ts';
import type { SqlDatabase } from '../../ports/sql-database.ts';
import { searchStatements } from '../entries/search-statements.ts';
import { integer, text } from '../row.ts';

/** Entries made findable in one go: a few milliseconds in which no request is answered. */
const SLICE = 200;

/** Collaborators of `SearchBackfill`. */
export interface SearchBackfillDeps {
  readonly database: SqlDatabase;
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * Makes entries findable that were stored before there was a search. What is still to be done is in the database, so
 * whoever is interrupted goes on where it was.
 */
export class SearchBackfill {
  readonly #deps: SearchBackfillDeps;
  #stopped = false;

  constructor(deps: SearchBackfillDeps) {
    this.#deps = deps;
  }

  /** Resolves when nothing is left to do, or after `stop`; returns how many it did. */
  async run(): Promise<number> {
    let done = 0;
    while (!this.#stopped) {
      // Ascending: the index starts a new segment whenever an id is lower than the one before.
      const rows = (await this.#deps.database.all(searchStatements.backlog(SLICE))).toReversed();
      if (rows.length === 0) break;
      const entries = rows.map((row) => ({
        id: integer(row, 'id'),
        prompt: text(row, 'prompt'),
        canonical: text(row, 'canonical'),
      }));
      await this.#deps.database.batch([
        searchStatements.index(entries),
        searchStatements.caughtUp(entries.map(({ id }) => id)),
      ]);
      done += entries.length;
      // Requests between the slices: SQLite works on the thread that answers.
      await this.#deps.clock.sleep(0);
    }
    return done;
  }

  /** No further slice. */
  stop(): void {
    this.#stopped = true;
  }
}
