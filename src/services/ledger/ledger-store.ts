import type { SqlDatabase, SqlRow } from '../../ports/sql-database.ts';
import { first, integer, real, text } from '../row.ts';
import type { LedgerFigures, LedgerRow, LedgerSpending } from './ledger.ts';
import { type LedgerSelection, ledgerStatements } from './ledger-statements.ts';

/** Figures of one unit of time, and of one model or scope where they are told apart. */
export interface LedgerSum extends LedgerFigures {
  /** The beginning of the unit. */
  readonly at: number;
  /** Of the model or scope; empty where they are not told apart. */
  readonly name: string;
}

/** The rows of the ledger. */
export class LedgerStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Adds figures to those that are there, all or nothing. */
  async add(rows: readonly LedgerRow[]): Promise<void> {
    await this.#database.batch([ledgerStatements.add(rows)]);
  }

  /** Sums by time, then name. */
  async select(selection: LedgerSelection): Promise<readonly LedgerSum[]> {
    const rows = await this.#database.all(ledgerStatements.select(selection));
    return rows.map((row) => ({ at: integer(row, 'began'), name: text(row, 'name'), ...readFigures(row) }));
  }

  /** The money of all time at a site. */
  async money(site: string): Promise<LedgerSpending> {
    return readSpending(first(await this.#database.all(ledgerStatements.money(site))));
  }

  /** Folds the hours before a time into their days. */
  async fold(before: number): Promise<void> {
    await this.#database.batch([ledgerStatements.addDays(before), ledgerStatements.deleteHours(before)]);
  }
}

function readSpending(row: SqlRow): LedgerSpending {
  const moneyOf = (kind: string) => ({
    CNY: real(row, `${kind}_cny`),
    USD: real(row, `${kind}_usd`),
    unpriced: integer(row, `${kind}_unpriced`),
  });
  return { spent: moneyOf('spent'), avoided: moneyOf('avoided') };
}

function readFigures(row: SqlRow): LedgerFigures {
  return {
    hits: integer(row, 'hits'),
    misses: integer(row, 'misses'),
    coalesced: integer(row, 'coalesced'),
    bypassed: integer(row, 'bypassed'),
    errors: integer(row, 'errors'),
    bytes: integer(row, 'bytes'),
    ...readSpending(row),
    avoidedMs: integer(row, 'avoided_ms'),
  };
}
