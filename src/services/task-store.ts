import { AppError } from '../core/errors.ts';
import type { AnswerFamily } from '../core/services.ts';
import type { SqlDatabase, SqlRow, SqlStatement } from '../ports/sql-database.ts';
import { integer, optionalInteger, optionalText, text } from './row.ts';

const STATES = ['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;

export type TaskState = (typeof STATES)[number];

/** An asynchronous task as its client sees it, under an id of ours. */
export interface Task {
  readonly id: string;
  readonly site: string;
  readonly scope: string;
  readonly key: string;
  readonly model: string;
  /** The shape that the client's endpoint answers in. */
  readonly family: AnswerFamily;
  readonly state: TaskState;
  /** The flight's record; undefined where it was a hit. */
  readonly attemptId: string | undefined;
  readonly entryId: number | undefined;
  /** JSON: the answer itself where nothing was stored, or `{code, message}` of a failure. */
  readonly body: string | undefined;
  readonly submittedAt: number;
  readonly endedAt: number | undefined;
}

/** How a task ended. */
export interface TaskEnd {
  readonly state: Extract<TaskState, 'SUCCEEDED' | 'FAILED' | 'CANCELED'>;
  readonly at: number;
  readonly entryId?: number | undefined;
  readonly body?: string | undefined;
}

const OPEN = `state in ('PENDING', 'RUNNING')`;

const statements = {
  insert: (task: Task): SqlStatement => ({
    sql: `insert into tasks
      (id, site, scope, key, model, family, state, attempt_id, entry_id, body, submitted_at, ended_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      task.id,
      task.site,
      task.scope,
      task.key,
      task.model,
      task.family,
      task.state,
      task.attemptId ?? null,
      task.entryId ?? null,
      task.body ?? null,
      task.submittedAt,
      task.endedAt ?? null,
    ],
  }),

  find: (id: string): SqlStatement => ({ sql: 'select * from tasks where id = ?', params: [id] }),

  end: (id: string, { state, at, entryId, body }: TaskEnd): SqlStatement => ({
    sql: `update tasks set state = ?, ended_at = ?, entry_id = ?, body = ? where id = ? and ${OPEN}`,
    params: [state, at, entryId ?? null, body ?? null, id],
  }),

  endAll: (attemptId: string, { state, at, entryId, body }: TaskEnd): SqlStatement => ({
    sql: `update tasks set state = ?, ended_at = ?, entry_id = ?, body = ? where attempt_id = ? and ${OPEN}`,
    params: [state, at, entryId ?? null, body ?? null, attemptId],
  }),

  /**
   * What tasks have come to whose end this process did not see, by what their attempts say. A record that is closed
   * does not name its entry: it is the newest that there was by then.
   */
  reconcile: (at: number, lost: string, id: string | null): SqlStatement[] => [
    {
      sql: `update tasks set state = 'SUCCEEDED', ended_at = ?, entry_id = (
          select max(e.id) from entries e where e.site = tasks.site and e.scope = tasks.scope and e.key = tasks.key
            and e.created_at <= (select updated_at from attempts where id = tasks.attempt_id)
        )
        where ${OPEN} and id = coalesce(?, id) and attempt_id in (select id from attempts where state = 'stored')`,
      params: [at, id],
    },
    {
      sql: `update tasks set state = 'FAILED', ended_at = ?, body = ?
        where ${OPEN} and id = coalesce(?, id) and (attempt_id is null or attempt_id not in (
          select id from attempts where state in ('open', 'submitted', 'answered', 'stored')
        ))`,
      params: [at, lost, id],
    },
  ],

  countOpen: (attemptId: string): SqlStatement => ({
    sql: `select count(*) as n from tasks where attempt_id = ? and ${OPEN}`,
    params: [attemptId],
  }),

  since: (scope: string, from: number): SqlStatement => ({
    sql: 'select * from tasks where scope = ? and submitted_at >= ? order by submitted_at desc limit 10000',
    params: [scope, from],
  }),

  upstreamIds: (from: number): SqlStatement => ({
    sql: 'select distinct upstream_task from attempts where upstream_task is not null and created_at >= ?',
    params: [from],
  }),

  prune: (before: number): SqlStatement => ({
    sql: 'delete from tasks where submitted_at < ?',
    params: [before],
  }),
} as const;

/** The rows of tasks. */
export class TaskStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async insert(task: Task): Promise<void> {
    await this.#database.batch([statements.insert(task)]);
  }

  async find(id: string): Promise<Task | undefined> {
    const [row] = await this.#database.all(statements.find(id));
    return row === undefined ? undefined : readTask(row);
  }

  /** Ends a task; one that has ended stays as it is, and the answer is false. */
  async end(id: string, end: TaskEnd): Promise<boolean> {
    const [result] = await this.#database.batch([statements.end(id, end)]);
    return (result?.changes ?? 0) > 0;
  }

  /** Ends every task of an attempt that has not ended. */
  async endAll(attemptId: string, end: TaskEnd): Promise<void> {
    await this.#database.batch([statements.endAll(attemptId, end)]);
  }

  /**
   * Ends tasks whose attempts have ended without them being told: one task, or all when none is named. `lost` is the
   * body of those that failed. Not for tasks whose flight is in the air: its record may not have been written yet.
   */
  async reconcile(at: number, lost: string, id?: string): Promise<void> {
    await this.#database.batch(statements.reconcile(at, lost, id ?? null));
  }

  /** How many tasks wait for an attempt. */
  async countOpen(attemptId: string): Promise<number> {
    const [row] = await this.#database.all(statements.countOpen(attemptId));
    return row === undefined ? 0 : integer(row, 'n');
  }

  /** A scope's tasks submitted since a time, newest first. */
  async listSince(scope: string, from: number): Promise<readonly Task[]> {
    return (await this.#database.all(statements.since(scope, from))).map(readTask);
  }

  /** The vendor's ids of jobs that stand behind tasks of ours. */
  async upstreamIdsSince(from: number): Promise<ReadonlySet<string>> {
    const rows = await this.#database.all(statements.upstreamIds(from));
    return new Set(rows.map((row) => text(row, 'upstream_task')));
  }

  async prune(before: number): Promise<void> {
    await this.#database.batch([statements.prune(before)]);
  }
}

function readTask(row: SqlRow): Task {
  const family = text(row, 'family');
  const state = STATES.find((known) => known === text(row, 'state'));
  if ((family !== 'choices' && family !== 'results') || state === undefined) {
    throw new AppError('storage_failed', 'A row of tasks holds a family or a state that is not known.');
  }
  return {
    id: text(row, 'id'),
    site: text(row, 'site'),
    scope: text(row, 'scope'),
    key: text(row, 'key'),
    model: text(row, 'model'),
    family,
    state,
    attemptId: optionalText(row, 'attempt_id'),
    entryId: optionalInteger(row, 'entry_id'),
    body: optionalText(row, 'body'),
    submittedAt: integer(row, 'submitted_at'),
    endedAt: optionalInteger(row, 'ended_at'),
  };
}
