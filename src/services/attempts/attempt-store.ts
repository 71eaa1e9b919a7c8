import { AppError } from '../../core/errors.ts';
import { BEFORE_ALL, type Page, type PagePlace } from '../../core/pagination.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { SqlDatabase, SqlRow, SqlStatement } from '../../ports/sql-database.ts';
import { first, integer, optionalInteger, optionalText, text } from '../row.ts';
import {
  ATTEMPT_STATES,
  type Attempt,
  type AttemptEnd,
  type AttemptState,
  type NewAttempt,
} from './attempt.ts';
import { attemptStatements } from './attempt-statements.ts';
import { URL_LIFE_MS } from './url-life.ts';

/** The rows of attempts. Every method has written durably when it resolves. */
export class AttemptStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Records that something is about to be bought: before the first byte is sent. Errors: `constraint` for a known id. */
  async open(attempt: NewAttempt): Promise<void> {
    await this.#write(attemptStatements.open(attempt));
  }

  /** Records that the vendor has taken it as a task: from here on the picture can be had after any crash. */
  async submitted(id: string, upstreamTask: string, at: number): Promise<void> {
    await this.#write(attemptStatements.submitted(id, upstreamTask, at));
  }

  /** Keeps upstream's answer until its images are stored. Only an attempt that has not ended changes. */
  async answered(id: string, answer: string, at: number): Promise<void> {
    await this.#write(attemptStatements.answered(id, answer, at));
  }

  /** Ends an attempt as stored: for the batch that inserts its entry, and behind that. */
  stored(id: string, at: number): SqlStatement {
    return attemptStatements.stored(id, at);
  }

  /** Ends an attempt; one that is final already stays as it is. */
  async finish(id: string, end: AttemptEnd): Promise<void> {
    await this.#write(attemptStatements.finish(id, end));
  }

  /** One attempt. */
  async find(id: string): Promise<Attempt | undefined> {
    return (await this.#read(attemptStatements.one(id)))[0];
  }

  /** Attempts that were sent, or not: nobody knows; those begun before a time where one is given. Longest unchanged first. */
  async listOpen(before?: number): Promise<readonly Attempt[]> {
    return this.#oldest('open', before);
  }

  /** Attempts that the vendor has taken as tasks, those taken before a time where one is given. Longest ago first. */
  async listSubmitted(before?: number): Promise<readonly Attempt[]> {
    return this.#oldest('submitted', before);
  }

  /** Attempts with an answer whose images are still to be stored, answered before a time where one is given. Longest unchanged first. */
  async listAnswered(before?: number): Promise<readonly Attempt[]> {
    return this.#oldest('answered', before);
  }

  /** Attempts of one recipe that the vendor has taken or answered, and whose pictures are not stored. Longest unchanged first. */
  async listLeft(recipe: RecipeAddress): Promise<readonly Attempt[]> {
    return this.#read(attemptStatements.leftOf(recipe));
  }

  /** The attempts in one state, or without one all of them, changed last first. */
  async list(
    state: AttemptState | undefined,
    limit: number,
    after: PagePlace = BEFORE_ALL,
  ): Promise<Page<Attempt>> {
    const rows = await this.#database.all(
      state === undefined
        ? attemptStatements.newest(after, limit + 1)
        : attemptStatements.newestOf(state, after, limit + 1),
    );
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      rows: shown.map(readAttempt),
      next: last === undefined ? undefined : { at: integer(last, 'updated_at'), id: integer(last, 'place') },
    };
  }

  /** How many there are in each state. */
  async counts(): Promise<Readonly<Record<AttemptState, number>>> {
    const counts = {
      open: 0,
      submitted: 0,
      answered: 0,
      stored: 0,
      unstored: 0,
      refused: 0,
      failed: 0,
      unknown: 0,
    };
    for (const row of await this.#database.all(attemptStatements.counts()))
      counts[readState(row)] = integer(row, 'n');
    return counts;
  }

  /** How many answers have pictures that are not stored and whose URLs, by their age, still live. */
  async countAtRisk(now: number): Promise<number> {
    return integer(first(await this.#database.all(attemptStatements.atRisk(now - URL_LIFE_MS))), 'n');
  }

  /** Forgets the final attempts that ended before a time; returns how many. */
  async prune(before: number): Promise<number> {
    return await this.#write(attemptStatements.prune(before));
  }

  #oldest(state: AttemptState, changedBefore = Number.MAX_SAFE_INTEGER): Promise<Attempt[]> {
    return this.#read(attemptStatements.oldest(state, changedBefore));
  }

  async #read(statement: SqlStatement): Promise<Attempt[]> {
    return (await this.#database.all(statement)).map(readAttempt);
  }

  /** How many rows it changed. */
  async #write(statement: SqlStatement): Promise<number> {
    const [result] = await this.#database.batch([statement]);
    return result?.changes ?? 0;
  }
}

function readAttempt(row: SqlRow): Attempt {
  return {
    id: text(row, 'id'),
    site: text(row, 'site'),
    scope: text(row, 'scope'),
    key: text(row, 'key'),
    model: text(row, 'model'),
    account: text(row, 'account'),
    upstreamTask: optionalText(row, 'upstream_task'),
    state: readState(row),
    recipe: optionalText(row, 'recipe'),
    answer: optionalText(row, 'answer'),
    entryId: optionalInteger(row, 'entry_id'),
    status: optionalInteger(row, 'status'),
    error: optionalText(row, 'error'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
  };
}

function readState(row: SqlRow): AttemptState {
  const found = text(row, 'state');
  const state = ATTEMPT_STATES.find((known) => known === found);
  if (state === undefined)
    throw new AppError('storage_failed', 'The column state holds a state that is not known.');
  return state;
}
