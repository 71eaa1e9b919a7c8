import type { Principal } from '../../core/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { Attempt } from '../attempts/attempt.ts';
import type { AttemptCloser } from '../attempts/attempt-closer.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { FlightRegistry } from '../flights/flight-registry.ts';
import type { JobResumer } from './job-resumer.ts';
import { TASK_LIFE_MS, type Task } from './task.ts';
import type { TaskCompleter } from './task-completer.ts';
import { endOfAttempt } from './task-end.ts';
import type { TaskStore } from './task-store.ts';

/** Collaborators of `TaskRecovery`. */
export interface TaskRecoveryDeps {
  readonly tasks: TaskStore;
  readonly attempts: AttemptStore;
  readonly ends: TaskCompleter;
  readonly resumer: JobResumer;
  readonly closer: AttemptCloser;
  readonly board: FlightRegistry;
  readonly clock: Clock;
}

/** Tasks whose process is gone: tells them what their attempts came to, and goes on with their jobs. */
export class TaskRecovery {
  readonly #deps: TaskRecoveryDeps;

  constructor(deps: TaskRecoveryDeps) {
    this.#deps = deps;
  }

  /** At the start: tells every task what is known, and goes on with the jobs of the server's own account. */
  async recover(own: Pick<Principal, 'account' | 'apiKey'> | undefined): Promise<void> {
    await this.#tell(() => true);
    for (const attempt of await this.#deps.attempts.listSubmitted()) {
      if (attempt.account === own?.account) await this.#resume(attempt, own.apiKey);
    }
  }

  /** The task as it is by now, when its caller asks: only the account that submitted a job may have it gone on with. */
  async refresh(task: Task, { account, apiKey }: Principal): Promise<Task> {
    if (task.endedAt !== undefined || task.attemptId === undefined || this.#deps.ends.isAwaited(task))
      return task;
    await this.#deps.board.ensureOwner(task);
    const attempt = await this.#deps.attempts.find(task.attemptId);
    if (attempt?.state === 'submitted' && attempt.account === account) await this.#resume(attempt, apiKey);
    const end = endOfAttempt(attempt, this.#deps.clock.now());
    if (end !== undefined) await this.#deps.tasks.end(task.id, end);
    return (await this.#deps.tasks.find(task.id)) ?? task;
  }

  /** Goes on with one job of the server's own account, unless that is being done here. */
  async resumeOwn(attemptId: string, own: Pick<Principal, 'account' | 'apiKey'>): Promise<void> {
    const attempt = await this.#deps.attempts.find(attemptId);
    if (attempt?.state === 'submitted' && attempt.account === own.account)
      await this.#resume(attempt, own.apiKey);
  }

  /**
   * Goes on with the jobs of a recipe that an account has paid for and that nobody follows, as after a restart: whoever
   * asks for the recipe now joins that, and does not pay again.
   */
  async resumeLeft(request: RecipeAddress & Pick<Principal, 'account' | 'apiKey'>): Promise<void> {
    for (const { id } of await this.#deps.attempts.listLeft(request)) {
      // Before its row is read again: one that is in the air may have ended by then.
      if (this.#deps.board.progressOf(id) === undefined) await this.resumeOwn(id, request);
    }
  }

  /** Forgets what nobody can ask for any more, here or at the vendor's. */
  async prune(): Promise<void> {
    const before = this.#deps.clock.now() - TASK_LIFE_MS;
    for (const attempt of await this.#deps.attempts.listSubmitted(before)) {
      if (this.#deps.board.progressOf(attempt.id) !== undefined) continue;
      const cause = 'its account has not come back, and the vendor has forgotten the task';
      await this.#deps.closer.lose(attempt, cause, { error: cause });
    }
    await this.#deps.tasks.prune(before);
  }

  /** Tells tasks what attempts begun before a time have come to: nobody is about to tell them any more. */
  async tellEnds(begunBefore: number): Promise<void> {
    await this.#tell((attempt) => attempt !== undefined && attempt.createdAt < begunBefore);
  }

  async #tell(concerns: (attempt: Attempt | undefined) => boolean): Promise<void> {
    for (const attemptId of await this.#deps.tasks.awaitedAttempts()) {
      const attempt = await this.#deps.attempts.find(attemptId);
      const end = concerns(attempt) ? endOfAttempt(attempt, this.#deps.clock.now()) : undefined;
      if (end !== undefined) await this.#deps.tasks.endAll(attemptId, end);
    }
  }

  async #resume(attempt: Attempt, apiKey: string): Promise<void> {
    const interested = await this.#deps.tasks.countOpen(attempt.id);
    const outcome = this.#deps.resumer.resume(attempt, apiKey, interested);
    if (outcome !== undefined) void this.#deps.ends.endAll(attempt.id, outcome);
  }
}
