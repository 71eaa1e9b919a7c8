import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';

export interface SlotsOptions {
  /** Taken at once. */
  readonly limit: number;
  /** Waiters beyond this are refused at once. */
  readonly maxWaiting: number;
  /** How long one may wait, in milliseconds. */
  readonly maxWaitMs: number;
}

/** A bounded number of places, and a bounded queue for them, first come, first served. */
export class Slots {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #options: SlotsOptions;
  readonly #queue = new Set<() => void>();
  #taken = 0;

  constructor(clock: Pick<Clock, 'sleep'>, options: SlotsOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Waits for a place; call what it gives to leave it. `overloaded` when there is none in time; rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken < this.#options.limit) this.#taken += 1;
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#passOn();
    };
  }

  /** Whoever is admitted has the place that was left. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { maxWaiting, maxWaitMs } = this.#options;
    if (this.#queue.size >= maxWaiting) throw overloaded();
    const timer = new AbortController();
    let admit = () => {};
    const admitted = new Promise<true>((resolve) => {
      admit = () => resolve(true);
    });
    this.#queue.add(admit);
    try {
      const late = this.#clock.sleep(maxWaitMs, AbortSignal.any([signal, timer.signal]));
      if ((await Promise.race([admitted, late])) === true) return;
      throw overloaded();
    } catch (error) {
      // Admitted in the same moment: the place goes to the next.
      if (!this.#queue.delete(admit)) this.#passOn();
      throw error;
    } finally {
      timer.abort();
    }
  }

  #passOn(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#queue.delete(next);
    next();
  }
}

function overloaded(): AppError {
  return new AppError('overloaded', 'Too many requests pass through to upstream already.', {
    retryAfterMs: 5_000,
  });
}
