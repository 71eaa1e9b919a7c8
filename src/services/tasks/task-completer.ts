import { isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { FlightOutcome, ImageOutcome } from '../image-request.ts';
import { UpstreamRefusal } from '../upstream-refusal.ts';
import type { Task, TaskEnd } from './task.ts';
import { endOfFailure, endOfOutcome } from './task-end.ts';
import type { TaskStore } from './task-store.ts';

/** Collaborators of `TaskCompleter`. */
export interface TaskCompleterDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Tells tasks what the flights of this process came to. */
export class TaskCompleter {
  readonly #deps: TaskCompleterDeps;
  /** Tasks, and attempts with all of their tasks, whose end this process is going to write. */
  readonly #awaited = new Set<string>();

  constructor(deps: TaskCompleterDeps) {
    this.#deps = deps;
  }

  /** Until its end is written, the record of its attempt says nothing that the task should be told. */
  isAwaited({ id, attemptId }: Task): boolean {
    return this.#awaited.has(id) || (attemptId !== undefined && this.#awaited.has(attemptId));
  }

  /** Ends one task when its flight ends. Resolves when that is written. */
  async endTask(id: string, outcome: Promise<ImageOutcome>): Promise<void> {
    await this.#endLater(id, outcome, async (end) => {
      await this.#deps.tasks.end(id, end);
    });
  }

  /** Ends all tasks of an attempt when its flight ends. Resolves when that is written. */
  async endAll(attemptId: string, outcome: Promise<FlightOutcome>): Promise<void> {
    await this.#endLater(attemptId, outcome, (end) => this.#deps.tasks.endAll(attemptId, end));
  }

  async #endLater(
    awaited: string,
    outcome: Promise<ImageOutcome | FlightOutcome>,
    write: (end: TaskEnd) => Promise<void>,
  ): Promise<void> {
    this.#awaited.add(awaited);
    try {
      const end = await this.#endOf(outcome);
      if (end !== undefined) await write(end);
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'task record', cause });
    } finally {
      this.#awaited.delete(awaited);
    }
  }

  /** Undefined when the job goes on at the vendor's: the next start finds it. */
  async #endOf(outcome: Promise<ImageOutcome | FlightOutcome>): Promise<TaskEnd | undefined> {
    try {
      return endOfOutcome(await outcome, this.#deps.clock.now());
    } catch (error) {
      if (isAppError(error, 'shutting_down')) return undefined;
      if (!isAppError(error) && !(error instanceof UpstreamRefusal))
        this.#deps.reporter.report({ type: 'failure', where: 'task', cause: error });
      return endOfFailure(error, this.#deps.clock.now());
    }
  }
}
