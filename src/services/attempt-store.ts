import { AppError } from '../core/errors.ts';
import type { SqlDatabase, SqlRow, SqlStatement } from '../ports/sql-database.ts';
import { integer, optionalInteger, optionalText, text } from './row.ts';

/** What an attempt can end as: it does not change any more. */
export type FinalAttemptState = (typeof FINAL_STATES)[number];

/**
 * - `open`: the request is about to be sent, or was.
 * - `submitted`: the vendor has taken it as a task, which goes on without us.
 * - `answered`: upstream answered with success; its images are not stored yet.
 * - `stored`: an entry holds the images.
 * - `unstored`: paid, but the images could not be fetched or stored.
 * - `refused`: upstream answered with an error.
 * - `failed`: it is certain that nothing was bought.
 * - `unknown`: the connection ended after sending; something may have been bought.
 */
export type AttemptState = 'open' | 'submitted' | 'answered' | FinalAttemptState;

/** The durable record of a flight. */
export interface Attempt {
  readonly id: string;
  readonly site: string;
  readonly scope: string;
  readonly key: string;
  readonly model: string;
  /** Whose limits and whose tasks at the vendor: the fingerprint of a key. */
  readonly account: string;
  /** The vendor's task id, once it has taken one. */
  readonly upstreamTask: string | undefined;
  readonly state: AttemptState;
  /** JSON: what is needed to finish it after a crash. Once it is final, kept only where it ended `unknown`. */
  readonly recipe: string | undefined;
  /** Upstream's answer body, while `answered`. */
  readonly answer: string | undefined;
  /** Upstream's HTTP status. */
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NewAttempt = Pick<
  Attempt,
  'id' | 'site' | 'scope' | 'key' | 'model' | 'account' | 'recipe' | 'createdAt'
>;

/** How an attempt ended. */
export interface AttemptOutcome {
  readonly state: FinalAttemptState;
  readonly at: number;
  readonly status?: number | undefined;
  /** For people who look at the attempts; no credential. */
  readonly error?: string | undefined;
}

const FINAL_STATES = ['stored', 'unstored', 'refused', 'failed', 'unknown'] as const;
const STATES = ['open', 'submitted', 'answered', ...FINAL_STATES] as const;

const statements = {
  open: ({ id, site, scope, key, model, account, recipe, createdAt }: NewAttempt): SqlStatement => ({
    sql: `insert into attempts (id, site, scope, key, model, account, state, recipe, created_at, updated_at)
      values (?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)`,
    params: [id, site, scope, key, model, account, recipe ?? null, createdAt, createdAt],
  }),

  submitted: (id: string, upstreamTask: string, at: number): SqlStatement => ({
    sql: `update attempts set state = 'submitted', upstream_task = ?, updated_at = ? where id = ? and state = 'open'`,
    params: [upstreamTask, at, id],
  }),

  answered: (id: string, answer: string, at: number): SqlStatement => ({
    sql: `update attempts set state = 'answered', answer = ?, updated_at = ? where id = ? and state in ('open', 'submitted')`,
    params: [answer, at, id],
  }),

  finished: (id: string, { state, at, status, error }: AttemptOutcome): SqlStatement => ({
    sql: `update attempts
      set state = ?, status = ?, error = ?, answer = null, recipe = iif(? = 'unknown', recipe, null), updated_at = ?
      where id = ? and state in ('open', 'submitted', 'answered')`,
    params: [state, status ?? null, error ?? null, state, at, id],
  }),

  oldest: (state: AttemptState): SqlStatement => ({
    sql: 'select * from attempts where state = ? order by updated_at, id',
    params: [state],
  }),

  one: (id: string): SqlStatement => ({ sql: 'select * from attempts where id = ?', params: [id] }),

  newest: (state: AttemptState, limit: number): SqlStatement => ({
    sql: 'select * from attempts where state = ? order by updated_at desc, id limit ?',
    params: [state, limit],
  }),

  counts: (): SqlStatement => ({
    sql: 'select state, count(*) as n from attempts group by state',
    params: [],
  }),

  prune: (before: number): SqlStatement => ({
    sql: `delete from attempts where state in (${FINAL_STATES.map(() => '?').join(', ')}) and updated_at < ?`,
    params: [...FINAL_STATES, before],
  }),
} as const;

/** The rows of attempts. Every method has written durably when it resolves. */
export class AttemptStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Records that something is about to be bought: before the first byte is sent. Errors: `constraint` for a known id. */
  async open(attempt: NewAttempt): Promise<void> {
    await this.#database.batch([statements.open(attempt)]);
  }

  /** Records that the vendor has taken it as a task: from here on the picture can be had after any crash. */
  async submitted(id: string, upstreamTask: string, at: number): Promise<void> {
    await this.#database.batch([statements.submitted(id, upstreamTask, at)]);
  }

  /** Keeps upstream's answer until its images are stored. Only an open attempt changes. */
  async answered(id: string, answer: string, at: number): Promise<void> {
    await this.#database.batch([statements.answered(id, answer, at)]);
  }

  /** The statement of `finish`, for the batch that stores the entry. */
  finished(id: string, outcome: AttemptOutcome): SqlStatement {
    return statements.finished(id, outcome);
  }

  /** Ends an attempt; one that is final already stays as it is. */
  async finish(id: string, outcome: AttemptOutcome): Promise<void> {
    await this.#database.batch([statements.finished(id, outcome)]);
  }

  /** Attempts that were sent, or not: nobody knows. Longest unchanged first. */
  async listOpen(): Promise<readonly Attempt[]> {
    return this.#read(statements.oldest('open'));
  }

  /** Attempts that the vendor has taken as tasks. Longest unchanged first. */
  async listSubmitted(): Promise<readonly Attempt[]> {
    return this.#read(statements.oldest('submitted'));
  }

  /** One attempt. */
  async find(id: string): Promise<Attempt | undefined> {
    return (await this.#read(statements.one(id)))[0];
  }

  /** Attempts with an answer whose images are still to be stored. Longest unchanged first. */
  async listAnswered(): Promise<readonly Attempt[]> {
    return this.#read(statements.oldest('answered'));
  }

  /** The last attempts in one state, newest first. */
  async list(state: AttemptState, limit: number): Promise<readonly Attempt[]> {
    return this.#read(statements.newest(state, limit));
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
    for (const row of await this.#database.all(statements.counts()))
      counts[readState(row)] = integer(row, 'n');
    return counts;
  }

  /** Forgets the final attempts that ended before a time; returns how many. */
  async prune(before: number): Promise<number> {
    const [result] = await this.#database.batch([statements.prune(before)]);
    return result?.changes ?? 0;
  }

  async #read(statement: SqlStatement): Promise<Attempt[]> {
    return (await this.#database.all(statement)).map(readAttempt);
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
    status: optionalInteger(row, 'status'),
    error: optionalText(row, 'error'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
  };
}

function readState(row: SqlRow): AttemptState {
  const found = text(row, 'state');
  const state = STATES.find((known) => known === found);
  if (state === undefined)
    throw new AppError('storage_failed', 'The column state holds a state that is not known.');
  return state;
}
