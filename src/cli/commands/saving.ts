import type { LedgerRowBody } from '../../http/ledger/ledger-schema.ts';
import { MoneySum } from '../money.ts';

/** The sum of some rows of the ledger. */
export class Saving {
  #hits = 0;
  #bought = 0;
  #errors = 0;
  #seconds = 0;
  readonly #spent = new MoneySum();
  readonly #saved = new MoneySum();

  add(row: LedgerRowBody): void {
    // A request that joined another's purchase was not paid for either.
    this.#hits += row.hits + row.coalesced;
    this.#bought += row.misses + row.bypassed;
    this.#errors += row.errors;
    this.#seconds += row.seconds_avoided;
    for (const cost of row.spent) this.#spent.add(cost);
    for (const cost of row.avoided) this.#saved.add(cost);
    this.#spent.addUnknown(row.spent_unpriced);
    this.#saved.addUnknown(row.avoided_unpriced);
  }

  /** For a line of a table. */
  cells(): readonly string[] {
    const all = this.#hits + this.#bought;
    const rate = all === 0 ? '' : `${Math.round((this.#hits / all) * 100)} %`;
    const hours = (this.#seconds / 3600).toFixed(1);
    return [
      ...[this.#hits, this.#bought, this.#errors].map(String),
      ...[rate, this.#spent.toString(), this.#saved.toString(), hours],
    ];
  }

  /** The same figures for scripts. */
  toJSON() {
    return {
      hits: this.#hits,
      bought: this.#bought,
      errors: this.#errors,
      spent: this.#spent,
      saved: this.#saved,
      seconds_saved: this.#seconds,
    };
  }
}
