import { type RateLimit, SlidingWindows } from '../util/sliding-windows.ts';
import { findImageModel } from '../vendor/models.ts';
import { findTaskModel } from '../vendor/task-models.ts';

/** `true`: the vendor's own limits. A table sets them by model, `false` for none; models it does not name have none. */
export type RateLimitOption = boolean | Readonly<Record<string, RateLimit | false>>;

/** `true`: the vendor's twenty task polls a second for each account. */
export type PollLimitOption = boolean | RateLimit;

const VENDOR_POLL_LIMIT: RateLimit = { count: 20, periodMs: 1000 };

/** The vendor's limits on generations by account and model, and on task polls by account. */
export class RateLimits {
  readonly #option: RateLimitOption;
  readonly #pollLimit: RateLimit | undefined;
  readonly #generations = new SlidingWindows();
  readonly #polls = new SlidingWindows();

  constructor(option: RateLimitOption, pollOption: PollLimitOption) {
    this.#option = option;
    this.#pollLimit = pollOption === true ? VENDOR_POLL_LIMIT : pollOption || undefined;
  }

  /** True when one more generation at `now` (epoch ms) stays within the model's limit; it then counts. */
  admit(account: string, model: string, now: number): boolean {
    const limit = this.#find(model);
    return !limit || this.#generations.admit(JSON.stringify([account, model]), limit, now);
  }

  /** True when one more poll at `now` (epoch ms) stays within the account's quota; it then counts. */
  admitPoll(account: string, now: number): boolean {
    return !this.#pollLimit || this.#polls.admit(account, this.#pollLimit, now);
  }

  #find(model: string): RateLimit | undefined {
    if (this.#option === false) return undefined;
    if (this.#option === true) return (findImageModel(model) ?? findTaskModel(model))?.limit;
    return this.#option[model] || undefined;
  }
}
