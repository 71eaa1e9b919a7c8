/** At most `count` requests in any `periodMs`. */
export interface RateLimit {
  readonly count: number;
  readonly periodMs: number;
}

const MAX_WINDOWS = 10_000;

/** Counts requests by name in sliding windows; beyond ten thousand names the longest unused is forgotten. */
export class SlidingWindows {
  /** Times of the admitted requests within the current window. */
  readonly #windows = new Map<string, number[]>();

  /** True when one more request at `now` (epoch ms) stays within the limit; it then counts. */
  admit(name: string, limit: RateLimit, now: number): boolean {
    const window = (this.#windows.get(name) ?? []).filter((time) => time > now - limit.periodMs);
    const admitted = window.length < limit.count;
    if (admitted) window.push(now);
    this.#windows.delete(name);
    this.#windows.set(name, window);
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= MAX_WINDOWS) break;
      this.#windows.delete(oldest);
    }
    return admitted;
  }
}
