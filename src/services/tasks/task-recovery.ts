import type { Principal } from '../../core/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { Attempt } from '../attempts/attempt.ts';
import type { AttemptCloser } from '../attempts/attempt-closer.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { FlightBoard } from '../flights/flight-registry.ts';
import type { JobResumer } from './job-resumer.ts';
import { TASK_LIFE_MS, type Task } from './task.ts';
import type { TaskEnds } from './task-completer.ts';
import { endOfAttempt } from './task-end.ts';
import type { TaskStore } from './task-store.ts';

/** Tasks whose process is gone: tells them what their attempts came to, and goes on with their jobs. */
export class TaskRecovery {
  readonly #tasks: TaskStore;
  readonly #attempts: AttemptStore;
  readonly #ends: TaskEnds;
  readonly #resumer: JobResumer;
  readonly #closer: AttemptCloser;
  readonly #board: FlightBoard;
  readonly #clock: Clock;

  constructor(parts: {
    tasks: TaskStore;
    attempts: AttemptStore;
    ends: TaskEnds;
    resumer: JobResumer;
    closer: AttemptCloser;
    board: FlightBoard;
    clock: Clock;
  }) {
    this.#tasks = parts.tasks;
    this.#attempts = parts.attempts;
    this.#ends = parts.ends;
    this.#resumer = parts.resumer;
    this.#closer = parts.closer;
    this.#board = parts.board;
    this.#clock = parts.clock;
  }

  /** At the start: tells every task what is known, and goes on with the jobs of the server's own account. */
  async recover(own: Pick<Principal, 'account' | 'apiKey'> | undefined): Promise<void> {
    await this.#tell(() => true);
    for (const attempt of await this.#attempts.listSubmitted()) {
      if (attempt.account === own?.account) await this.#resume(attempt, own.apiKey);
    }
  }

  /** The task as it is by now, when its caller asks: only the account that submitted a job may have it gone on with. */
  async refresh(task: Task, { account, apiKey }: Principal): Promise<Task> {
    if (task.endedAt !== undefined || task.attemptId === undefined || this.#ends.isAwaited(task)) return task;
    await this.#board.goHome(task);
    const attempt = await this.#attempts.find(task.attemptId);
    if (attempt?.state === 'submitted' && attempt.account === account) await this.#resume(attempt, apiKey);
    const end = endOfAttempt(attempt, this.#clock.now());
    if (end !== undefined) await this.#tasks.end(task.id, end);
    return (await this.#tasks.find(task.id)) ?? task;
  }

  /** Goes on with one job of the server's own account, unless that is being done here. */
  async resumeOwn(attemptId: string, own: Pick<Principal, 'account' | 'apiKey'>): Promise<void> {
    const attempt = await this.#attempts.find(attemptId);
    if (attempt?.state === 'submitted' && attempt.account === own.account)
      await this.#resume(attempt, own.apiKey);
  }

  /**
   * Goes on with the jobs of a recipe that an account has paid for and that nobody follows, as after a restart: whoever
   * asks for the recipe now joins that, and does not pay again.
   */
  async resumeLeft(request: RecipeAddress & Pick<Principal, 'account' | 'apiKey'>): Promise<void> {
    for (const { id } of await this.#attempts.listLeft(request)) {
      // Before its row is read again: one that is in the air may have ended by then.
      if (this.#board.progressOf(id) === undefined) await this.resumeOwn(id, request);
    }
  }

  /** Forgets what nobody can ask for any more, here or at the vendor's. */
  async prune(): Promise<void> {
    const before = this.#clock.now() - TASK_LIFE_MS;
    for (const attempt of await this.#attempts.listSubmitted(before)) {
      if (this.#board.progressOf(attempt.id) !== undefined) continue;
      const cause = 'its account has not come back, and the vendor has forgotten the task';
      await this.#closer.lose(attempt, cause, { error: cause });
    }
    await this.#tasks.prune(before);
  }

  /** Tells tasks what attempts begun before a time have come to: nobody is about to tell them any more. */
  async tellEnds(begunBefore: number): Promise<void> {
    await this.#tell((attempt) => attempt !== undefined && attempt.createdAt < begunBefore);
  }

  async #tell(concerns: (attempt: Attempt | undefined) => boolean): Promise<void> {
    for (const attemptId of await this.#tasks.awaitedAttempts()) {
      const attempt = await this.#attempts.find(attemptId);
      const end = concerns(attempt) ? endOfAttempt(attempt, this.#clock.now()) : undefined;
      if (end !== undefined) await this.#tasks.endAll(attemptId, end);
    }
  }

  async #resume(attempt: Attempt, apiKey: string): Promise<void> {
    const interested = await this.#tasks.countOpen(attempt.id);
    const outcome = this.#resumer.resume(attempt, apiKey, interested);
    if (outcome !== undefined) void this.#ends.endAll(attempt.id, outcome);
  }
}
