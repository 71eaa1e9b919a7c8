import { AppError } from '../../core/errors.ts';
import type { Cost } from '../../core/events.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';

/** The most that may be spent. Without a currency it counts in the currency of the prices. */
export interface Budget {
  readonly amount: number;
  readonly currency: Cost['currency'] | undefined;
}

/** `20`, `12.50 CNY`, `3USD`. */
export function parseBudget(text: string): Budget {
  const [, amount, name] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)?$/.exec(text.trim()) ?? [];
  const currency = name?.toUpperCase();
  if (amount === undefined || (currency !== undefined && currency !== 'CNY' && currency !== 'USD'))
    throw new AppError('config', '--budget must be an amount such as 20 or "12.50 CNY" (or USD).');
  return { amount: Number(amount), currency };
}

/** Sets money aside for each purchase as it begins. Without a budget there is no limit. */
export class Purse {
  readonly #budget: Budget | undefined;
  #setAside = 0;

  /** Refuses prices that the budget cannot be compared with: in another currency, or unknown unless that is allowed. */
  constructor(budget: Budget | undefined, costs: readonly (Cost | null)[], allowUnknown: boolean) {
    this.#budget = budget;
    if (budget === undefined) return;
    const unknown = costs.filter((cost) => cost === null).length;
    if (unknown > 0 && !allowUnknown) {
      throw new Failure(
        `the price of ${unknown} of them is not known, so --budget cannot hold; --allow-unknown-cost buys them anyway`,
        EXIT.usage,
      );
    }
    const currencies = new Set(costs.flatMap((cost) => (cost === null ? [] : [cost.currency])));
    const named = budget.currency ?? [...currencies][0];
    const other = [...currencies].find((currency) => currency !== named);
    if (other !== undefined)
      throw new Failure(`--budget is in ${named}, but some of them cost ${other}`, EXIT.usage);
  }

  /** Sets the price aside; false when less than that is left. */
  take(cost: Cost | null): boolean {
    const amount = cost?.amount ?? 0;
    // A millionth above the budget is a rounding error.
    if (this.#budget !== undefined && this.#setAside + amount > this.#budget.amount + 1e-6) return false;
    this.#setAside += amount;
    return true;
  }

  /** Puts back what was not spent. */
  giveBack(cost: Cost | null): void {
    this.#setAside -= cost?.amount ?? 0;
  }
}
