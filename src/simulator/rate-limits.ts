import { findImageModel, type RateLimit } from './models.ts';

/** `true`: the vendor's own limits. A table sets them by model, `false` for none; models it does not name have none. */
export type RateLimitOption = boolean | Readonly<Record<string, RateLimit | false>>;

const MAX_WINDOWS = 10_000;

/** Counts requests per account and model in sliding windows. */
export class RateLimits {
  readonly #option: RateLimitOption;
  /** Times of the admitted requests within the current window, by account and model. */
  readonly #windows = new Map<string, number[]>();

  constructor(option: RateLimitOption) {
    this.#option = option;
  }

  /** The limit that this model is under, if any. */
  find(model: string): RateLimit | undefined {
    if (this.#option === false) return undefined;
    if (this.#option === true) return findImageModel(model)?.limit;
    return this.#option[model] || undefined;
  }

  /** True when one more request at `now` (epoch ms) stays within the limit; it then counts. */
  admit(account: string, model: string, now: number): boolean {
    const limit = this.find(model);
    if (!limit) return true;
    const name = JSON.stringify([account, model]);
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
