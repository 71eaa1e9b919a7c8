import { formatMoney, MoneySum } from '../money.ts';
import { ProgressBar } from '../terminal/progress-bar.ts';
import type { ProgressStyle } from '../terminal/progress-style.ts';
import type { LineFailure, PlannedPurchase } from './warm-plan.ts';

/** Shows how far the purchases of `warm` have come. */
export interface WarmProgress {
  bought(purchase: PlannedPurchase): void;
  failed(failure: LineFailure): void;
  end(): void;
}

export function showWarming(style: ProgressStyle, total: number): WarmProgress {
  if (style === 'bar') return new WarmBar(total);
  return style === 'lines' ? LINES : { bought: () => {}, failed: () => {}, end: () => {} };
}

/** One line for people about a line that failed. */
export function describeFailure({ line, message }: LineFailure): string {
  return `line ${line}: ${message}`;
}

const LINES: WarmProgress = {
  bought: ({ line, cost }) =>
    console.error(`line ${line}: bought for ${cost === null ? 'an unknown price' : formatMoney(cost)}`),
  failed: (failure) => console.error(describeFailure(failure)),
  end: () => {},
};

class WarmBar implements WarmProgress {
  readonly #total: number;
  readonly #startedAt = performance.now();
  readonly #spent = new MoneySum();
  readonly #bar: ProgressBar;
  #bought = 0;
  #failed = 0;

  constructor(total: number) {
    this.#total = total;
    this.#bar = new ProgressBar(() => ({ full: this.#done / this.#total, text: this.#describe() }));
  }

  bought({ cost }: PlannedPurchase): void {
    this.#bought += 1;
    this.#spent.add(cost);
  }

  failed(failure: LineFailure): void {
    this.#failed += 1;
    this.#bar.say(describeFailure(failure));
  }

  end(): void {
    this.#bar.end();
  }

  get #done(): number {
    return this.#bought + this.#failed;
  }

  #describe(): string {
    const elapsed = performance.now() - this.#startedAt;
    const left = this.#done === 0 ? undefined : (elapsed / this.#done) * (this.#total - this.#done);
    return [
      `${this.#done}/${this.#total}`,
      `spent ${this.#spent}`,
      ...(this.#failed === 0 ? [] : [`${this.#failed} failed`]),
      `${Math.round(elapsed / 1000)} s${left === undefined ? '' : `, about ${Math.ceil(left / 1000)} s left`}`,
    ].join(', ');
  }
}
