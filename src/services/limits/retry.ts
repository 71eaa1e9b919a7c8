import type { Clock } from '../../ports/clock.ts';

/** The tries made so far. */
export interface Tried {
  /** How many, the last one included. */
  readonly tries: number;
  /** Milliseconds since the first one ended. */
  readonly elapsedMs: number;
}

/** When to try again. */
export interface RetryPolicy<T> {
  /** Milliseconds to wait before the next try; undefined when this outcome stands, good or bad. */
  waitAfter(outcome: PromiseSettledResult<T>, tried: Tried): number | undefined;
  /** Ends the waiting between tries. */
  readonly signal?: AbortSignal;
}

/**
 * Does `work` until the policy lets its outcome stand, then resolves or rejects with that outcome. Rejects with the
 * signal's reason when it aborts between two tries. `work` is told the number of the try, from 1.
 */
export async function retry<T>(
  clock: Pick<Clock, 'monotonic' | 'sleep'>,
  policy: RetryPolicy<T>,
  work: (tries: number) => Promise<T>,
): Promise<T> {
  let firstEndedAt: number | undefined;
  for (let tries = 1; ; tries += 1) {
    const [outcome] = await Promise.allSettled([work(tries)]);
    const now = clock.monotonic();
    firstEndedAt ??= now;
    const waitMs = policy.waitAfter(outcome, { tries, elapsedMs: now - firstEndedAt });
    if (waitMs === undefined) {
      if (outcome.status === 'fulfilled') return outcome.value;
      throw outcome.reason;
    }
    await clock.sleep(waitMs, policy.signal);
  }
}
