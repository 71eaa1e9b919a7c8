/**
 * Runs work once per key at a time, for all who ask meanwhile. Each may leave by its own signal; the work's signal aborts
 * when the last one has left.
 */
export class SharedWork<T> {
  readonly #runs = new Map<string, Run<T>>();

  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const run = this.#runs.get(key) ?? this.#start(key, work);
    run.waiters += 1;
    try {
      return await settleUnlessAborted(run.result, signal);
    } finally {
      run.waiters -= 1;
      if (run.waiters === 0) {
        this.#forget(key, run);
        run.aborting.abort();
      }
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Run<T> {
    const aborting = new AbortController();
    const run: Run<T> = { result: work(aborting.signal), aborting, waiters: 0 };
    this.#runs.set(key, run);
    const forget = () => this.#forget(key, run);
    run.result.then(forget, forget);
    return run;
  }

  #forget(key: string, run: Run<T>): void {
    if (this.#runs.get(key) === run) this.#runs.delete(key);
  }
}

interface Run<T> {
  readonly result: Promise<T>;
  readonly aborting: AbortController;
  waiters: number;
}

/** The promise's outcome, or the signal's reason if that comes first. */
export function settleUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
