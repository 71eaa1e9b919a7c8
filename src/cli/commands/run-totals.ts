import type { CacheEvent, CacheResult } from '../../core/events.ts';
import { MoneySum } from '../money.ts';

/** Sums up a program's requests from the events of the server that it asked. */
export class RunTotals {
  readonly #results = new Map<CacheResult, number>();
  readonly #spent = new MoneySum();
  readonly #saved = new MoneySum();

  note(event: CacheEvent): void {
    if (event.type === 'request' && event.result !== undefined) {
      this.#results.set(event.result, (this.#results.get(event.result) ?? 0) + 1);
    } else if (event.type === 'avoided') {
      this.#saved.add(event.cost);
    } else if (event.type === 'bought') {
      // Counts even if its client had left, or if it could not be stored.
      this.#spent.add(event.cost);
    }
  }

  /** One line for people. */
  toString(): string {
    const { hits, misses, coalesced, bypassed } = this.toJSON();
    const counts = [
      `${hits} ${hits === 1 ? 'hit' : 'hits'}`,
      `${misses} ${misses === 1 ? 'miss' : 'misses'}`,
      ...(coalesced > 0 ? [`${coalesced} coalesced`] : []),
      ...(bypassed > 0 ? [`${bypassed} bypassed`] : []),
    ];
    return `${counts.join(', ')}; spent ${this.#spent}, saved ${this.#saved}`;
  }

  /** The same figures for scripts. */
  toJSON() {
    const count = (result: CacheResult) => this.#results.get(result) ?? 0;
    return {
      hits: count('hit'),
      misses: count('miss'),
      coalesced: count('coalesced'),
      bypassed: count('bypass'),
      spent: this.#spent,
      saved: this.#saved,
    };
  }
}
