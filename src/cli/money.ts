import type { Cost } from '../core/events.ts';

/** `0.50 CNY`, with fractions of a cent if there are any. */
export function formatMoney({ amount, currency }: Cost): string {
  const cents = amount.toFixed(2);
  return `${Number(cents) === amount ? cents : String(amount)} ${currency}`;
}

/** A sum of prices by currency. Unknown prices are counted beside it: they are not zero. */
export class MoneySum {
  readonly #amounts = new Map<Cost['currency'], number>();
  #unknown = 0;

  static of(costs: Iterable<Cost | null>): MoneySum {
    const sum = new MoneySum();
    for (const cost of costs) sum.add(cost);
    return sum;
  }

  add(cost: Cost | null | undefined): void {
    if (cost === null || cost === undefined) this.#unknown += 1;
    else this.#amounts.set(cost.currency, (this.#amounts.get(cost.currency) ?? 0) + cost.amount);
  }

  addUnknown(count: number): void {
    this.#unknown += count;
  }

  get known(): readonly Cost[] {
    // Rounded far below a cent, or sums would show the tails of binary fractions.
    return [...this.#amounts].map(([currency, amount]) => ({
      amount: Math.round(amount * 1e6) / 1e6,
      currency,
    }));
  }

  /** For people: `2.50 CNY and 3 of unknown price`. */
  toString(): string {
    const parts = this.known.map(formatMoney);
    if (this.#unknown > 0) parts.push(`${this.#unknown} of unknown price`);
    return parts.length === 0 ? 'nothing' : parts.join(' and ');
  }

  /** For scripts. */
  toJSON() {
    return { known: this.known, unknown: this.#unknown };
  }
}
