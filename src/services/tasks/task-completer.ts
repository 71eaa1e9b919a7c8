import { isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { ImageOutcome } from '../image-request.ts';
import { UpstreamRefusal } from '../upstream-refusal.ts';
import { endOfFailure, endOfOutcome } from './task-end.ts';
import type { TaskStore } from './task-store.ts';

/** Collaborators of `TaskCompleter`. */
export interface TaskCompleterDeps {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/**
 * Tells tasks what their own requests came to: found in the store after all, or bought by another flight than they began
 * in. Most have been told by the purchase's transaction by then, and stay as they are.
 */
export class TaskCompleter {
  readonly #deps: TaskCompleterDeps;
  /** Tasks whose end this process is going to write. */
  readonly #awaited = new Set<string>();

  constructor(deps: TaskCompleterDeps) {
    this.#deps = deps;
  }

  /** Until its end is written, the row of its purchase says nothing that the task should be told. */
  isAwaited(id: string): boolean {
    return this.#awaited.has(id);
  }

  /** Ends a task when its request ends. Resolves when that is written. */
  async endTask(id: string, outcome: Promise<ImageOutcome>): Promise<void> {
    this.#awaited.add(id);
    const { tasks, clock, reporter } = this.#deps;
    try {
      await tasks.end(id, endOfOutcome(await outcome, clock.now()));
    } catch (error) {
      // The job goes on at the vendor's: the next start finds it.
      if (isAppError(error, 'shutting_down')) return;
      if (!isAppError(error) && !(error instanceof UpstreamRefusal))
        reporter.report({ type: 'failure', where: 'task', cause: error });
      const report = (cause: unknown) => reporter.report({ type: 'failure', where: 'task record', cause });
      await tasks.end(id, endOfFailure(error, clock.now())).catch(report);
    } finally {
      this.#awaited.delete(id);
    }
  }
}
