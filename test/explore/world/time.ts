import type { Clock } from '../../../src/ports/clock.ts';
import type { Random } from '../random.ts';
import { drain, type Life } from './steps.ts';

interface Sleeper {
  readonly life: Life;
  readonly wakesAt: number;
  readonly order: number;
  wake(): void;
}

/** The time of the world. It stands still until it is told to go on; a dead process never wakes. */
export class Time {
  #now = 1_750_000_000_000;
  #ids = 0;
  #order = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  /** 1, 2, 3, … in the form of a UUID. */
  uuid(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`;
  }

  /** The clock of one process. */
  clockOf(life: Life, random: Random): Clock {
    return {
      now: () => this.#now,
      monotonic: () => this.#now,
      random: () => random.next(),
      uuid: () => this.uuid(),
      sleep: (ms, signal) => this.#sleep(life, ms, signal),
    };
  }

  /** When the next sleeper wakes, in milliseconds since the epoch; undefined when nobody sleeps. */
  get nextWaking(): number | undefined {
    return this.#next()?.wakesAt;
  }

  /** Goes on to when the next sleeper wakes, and lets it go on. */
  async wakeNext(): Promise<void> {
    const next = this.#next();
    if (next === undefined) return;
    this.#now = Math.max(this.#now, next.wakesAt);
    next.wake();
    await drain();
  }

  /** Lets time pass: whoever wakes runs on as far as it can before the next one does. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#next(); next !== undefined && next.wakesAt <= end; next = this.#next()) {
      await this.wakeNext();
    }
    this.#now = end;
  }

  #next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.life.isOver) this.#sleepers.delete(sleeper);
      else if (first === undefined || sleeper.wakesAt < first.wakesAt) first = sleeper;
    }
    return first;
  }

  #sleep(life: Life, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        if (!life.isOver) reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        life,
        wakesAt: this.#now + Math.ceil(Math.max(0, ms)),
        order: this.#order++,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }
}
