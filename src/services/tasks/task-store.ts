import { AppError } from '../../core/errors.ts';
import type { SqlDatabase, SqlRow } from '../../ports/sql-database.ts';
import { integer, optionalInteger, optionalText, text } from '../row.ts';
import { TASK_STATES, type Task, type TaskEnd } from './task.ts';
import { taskStatements } from './task-statements.ts';

/** The rows of tasks. */
export class TaskStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** A task under its id. */
  async find(id: string): Promise<Task | undefined> {
    const [row] = await this.#database.all(taskStatements.find(id));
    return row === undefined ? undefined : readTask(row);
  }

  /** Errors: `constraint` for a known id. */
  async insert(task: Task): Promise<void> {
    await this.#database.batch([taskStatements.insert(task)]);
  }

  /** Ends a task; one that has ended stays as it is, and the answer is false. */
  async end(id: string, end: TaskEnd): Promise<boolean> {
    const [result] = await this.#database.batch([taskStatements.end(id, end)]);
    return (result?.changes ?? 0) > 0;
  }

  /** Ends every task of a purchase that has not ended. */
  async endAll(purchaseId: string, end: TaskEnd): Promise<void> {
    await this.#database.batch([taskStatements.endAll(purchaseId, end)]);
  }

  /** How many tasks wait for a purchase. */
  async countOpen(purchaseId: string): Promise<number> {
    const [row] = await this.#database.all(taskStatements.countOpen(purchaseId));
    return row === undefined ? 0 : integer(row, 'n');
  }

  /** A scope's tasks submitted since a time, newest first. */
  async listSince(scope: string, from: number): Promise<readonly Task[]> {
    return (await this.#database.all(taskStatements.since(scope, from))).map(readTask);
  }

  /** The vendor's ids of jobs that stand behind tasks of ours. */
  async upstreamIdsSince(from: number): Promise<ReadonlySet<string>> {
    const rows = await this.#database.all(taskStatements.upstreamIds(from));
    return new Set(rows.map((row) => text(row, 'upstream_task')));
  }

  /** Forgets the tasks submitted before a time. */
  async prune(before: number): Promise<void> {
    await this.#database.batch([taskStatements.prune(before)]);
  }
}

function readTask(row: SqlRow): Task {
  const family = text(row, 'family');
  const state = TASK_STATES.find((known) => known === text(row, 'state'));
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
    purchaseId: optionalText(row, 'purchase_id'),
    entryId: optionalInteger(row, 'entry_id'),
    body: optionalText(row, 'body'),
    submittedAt: integer(row, 'submitted_at'),
    endedAt: optionalInteger(row, 'ended_at'),
  };
}
