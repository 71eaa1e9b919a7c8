import type { Clock } from '../../../src/ports/clock.ts';

interface Sleeper {
  readonly wakesAt: number;
  wake(): void;
}

/** A clock that stands still until the test moves it. Sleepers wake in the order of their time. */
export class ManualClock implements Clock {
  /** What `random` answers. */
  chance = 0;
  #now: number;
  #jumped = 0;
  #uuids = 0;
  readonly #sleepers = new Set<Sleeper>();
  readonly #watchers = new Set<() => void>();

  constructor(now = 1_750_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return Math.floor(this.#now + this.#jumped);
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets the wall clock, as people and time servers do; no time passes. */
  jump(ms: number): void {
    this.#jumped += ms;
  }

  random(): number {
    return this.chance;
  }

  /** 1, 2, 3, … in the form of a UUID. */
  uuid(): string {
    this.#uuids += 1;
    return `00000000-0000-4000-8000-${String(this.#uuids).padStart(12, '0')}`;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        wakesAt: this.#now + Math.max(0, ms),
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#sleepers.add(sleeper);
      for (const watch of this.#watchers) watch();
    });
  }

  /** Sleeps that have not ended. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Resolves when at least this many sleep. */
  async untilSleeping(count: number): Promise<void> {
    while (this.#sleepers.size < count) {
      await new Promise<void>((resolve) => {
        const watch = () => {
          this.#watchers.delete(watch);
          resolve();
        };
        this.#watchers.add(watch);
      });
    }
  }

  /** Lets `ms` milliseconds pass; whoever wakes runs on before the next one does. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = next.wakesAt;
      next.wake();
      await settle();
    }
    this.#now = end;
  }

  #next(end: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter(({ wakesAt }) => wakesAt <= end);
    return due.sort((a, b) => a.wakesAt - b.wakesAt)[0];
  }
}

/** Resolves when all promises that could go on have gone on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
