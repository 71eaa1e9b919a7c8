import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { Attempt, AttemptEnd } from './attempt.ts';
import type { AttemptStore } from './attempt-store.ts';

/** Collaborators of `AttemptCloser`. */
export interface AttemptCloserDeps {
  readonly attempts: AttemptStore;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/**
 * Closes the records of attempts. One that cannot be closed stays as it is, and is judged at the next start: that is told,
 * and no reason to hide what happened upstream.
 */
export class AttemptCloser {
  readonly #deps: AttemptCloserDeps;

  constructor(deps: AttemptCloserDeps) {
    this.#deps = deps;
  }

  async close(id: string, end: Omit<AttemptEnd, 'at'>): Promise<void> {
    try {
      await this.#deps.attempts.finish(id, { ...end, at: this.#deps.clock.now() });
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'attempt record', cause });
    }
  }

  /** What was sent and may have been paid for, and whose answer will not come. */
  async lose(
    { id, model }: Pick<Attempt, 'id' | 'model'>,
    cause: unknown,
    facts: Pick<AttemptEnd, 'status' | 'error'> = {},
  ): Promise<void> {
    await this.close(id, { ...facts, state: 'unknown' });
    this.#deps.reporter.report({ type: 'outcome-unknown', attemptId: id, model, cause });
  }
}
