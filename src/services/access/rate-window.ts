import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.ts';

/** Callers that are remembered at once; whoever sends from more addresses than this is not held back by counting. */
const MAX_CALLERS = 10_000;

/** Counts what each caller does in windows of fixed length, in a bounded table. */
export class RateWindow {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #windows = new LRUCache<string, { readonly at: number; count: number }>({
    maxSize: MAX_CALLERS,
    sizeCalculation: () => 1,
  });

  constructor(
    clock: Pick<Clock, 'monotonic'>,
    options: { readonly limit: number; readonly windowMs: number },
  ) {
    this.#clock = clock;
    this.#limit = options.limit;
    this.#windowMs = options.windowMs;
  }

  /** How long the caller has to wait; undefined while there is room in its window. */
  waitMs(caller: string): number | undefined {
    const window = this.#current(caller);
    if (window === undefined || window.count < this.#limit) return undefined;
    return window.at + this.#windowMs - this.#clock.monotonic();
  }

  count(caller: string): void {
    const window = this.#current(caller);
    if (window === undefined) this.#windows.set(caller, { at: this.#clock.monotonic(), count: 1 });
    else window.count += 1;
  }

  #current(caller: string): { readonly at: number; count: number } | undefined {
    const window = this.#windows.get(caller);
    return window !== undefined && this.#clock.monotonic() - window.at < this.#windowMs ? window : undefined;
  }
}
