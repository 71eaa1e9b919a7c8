import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { Attempt, AttemptEnd } from './attempt.ts';
import type { AttemptStore } from './attempt-store.ts';

/**
 * Closes the records of attempts. One that cannot be closed stays as it is, and is judged at the next start: that is told,
 * and no reason to hide what happened upstream.
 */
export class AttemptCloser {
  readonly #attempts: AttemptStore;
  readonly #clock: Clock;
  readonly #reporter: Reporter;

  constructor(parts: { attempts: AttemptStore; clock: Clock; reporter: Reporter }) {
    this.#attempts = parts.attempts;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
  }

  async close(id: string, end: Omit<AttemptEnd, 'at'>): Promise<void> {
    try {
      await this.#attempts.finish(id, { ...end, at: this.#clock.now() });
    } catch (cause) {
      this.#reporter.report({ type: 'failure', where: 'attempt record', cause });
    }
  }

  /** What was sent and may have been paid for, and whose answer will not come. */
  async lose(
    { id, model }: Pick<Attempt, 'id' | 'model'>,
    cause: unknown,
    facts: Pick<AttemptEnd, 'status' | 'error'> = {},
  ): Promise<void> {
    await this.close(id, { ...facts, state: 'unknown' });
    this.#reporter.report({ type: 'outcome-unknown', attemptId: id, model, cause });
  }
}
