import type { CacheEvent, CacheResult, Cost } from '../core/events.ts';
import { formatMoney } from './money.ts';

type Currency = Cost['currency'];

/** What a program's requests came to, from the events of the server that it asked. */
export class Tally {
  readonly #results = new Map<CacheResult, number>();
  readonly #spent = new Map<Currency, number>();
  readonly #saved = new Map<Currency, number>();
  /** Generations and hits whose price is not known: they are in no sum. */
  #unpriced = 0;

  note(event: CacheEvent): void {
    if (event.type === 'request') {
      this.#results.set(event.result, (this.#results.get(event.result) ?? 0) + 1);
    } else if (event.type === 'avoided') {
      this.#add(this.#saved, event.cost);
    } else if (event.type === 'stored') {
      // Paid for, whether or not its client was still there.
      this.#add(this.#spent, event.cost);
    } else if (event.type === 'not-stored') {
      this.#unpriced += 1;
    }
  }

  /** One line for people. */
  describe(): string {
    const { hits, misses, coalesced, bypassed, spent, saved, unpriced } = this.toJSON();
    const counts = [
      `${hits} ${hits === 1 ? 'hit' : 'hits'}`,
      `${misses} ${misses === 1 ? 'miss' : 'misses'}`,
      ...(coalesced > 0 ? [`${coalesced} coalesced`] : []),
      ...(bypassed > 0 ? [`${bypassed} bypassed`] : []),
    ];
    const beside = unpriced > 0 ? ` (without ${unpriced} of unknown price)` : '';
    return `${counts.join(', ')}; spent ${sum(spent)}, saved ${sum(saved)}${beside}`;
  }

  /** The same figures for scripts. */
  toJSON() {
    const count = (result: CacheResult) => this.#results.get(result) ?? 0;
    return {
      hits: count('hit'),
      misses: count('miss'),
      coalesced: count('coalesced'),
      bypassed: count('bypass'),
      spent: amounts(this.#spent),
      saved: amounts(this.#saved),
      unpriced: this.#unpriced,
    };
  }

  #add(sums: Map<Currency, number>, cost: Cost | undefined): void {
    if (cost === undefined) this.#unpriced += 1;
    else sums.set(cost.currency, (sums.get(cost.currency) ?? 0) + cost.amount);
  }
}

function amounts(sums: ReadonlyMap<Currency, number>): Cost[] {
  // Rounded far below a cent: binary fractions would show their tails in sums.
  return [...sums].map(([currency, amount]) => ({ amount: Math.round(amount * 1e6) / 1e6, currency }));
}

function sum(costs: readonly Cost[]): string {
  return costs.length === 0 ? 'nothing' : costs.map(formatMoney).join(' and ');
}
