import type { Clock } from '../../ports/clock.ts';

/** The time allowed for a piece of work ran out. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(ms: number) {
    super(`not done within ${ms} ms`);
  }
}

/** Runs `work` with a signal that aborts, with `DeadlineError` as its reason, when `ms` milliseconds have passed. */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = new AbortController();
  clock.sleep(ms, timer.signal).then(
    () => deadline.abort(new DeadlineError(ms)),
    // The work ended first and stopped the timer.
    () => undefined,
  );
  try {
    return await work(deadline.signal);
  } finally {
    timer.abort();
  }
}
