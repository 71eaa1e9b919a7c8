import type { SqlStatement } from '../../ports/sql-database.ts';
import { DAY_MS, type LedgerRow } from './ledger.ts';

/** What figures are told by, beside their time. */
export type LedgerGroup = 'model' | 'scope' | 'none';

export interface LedgerRange {
  readonly site: string;
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

export interface LedgerSelection extends LedgerRange {
  /** Figures are summed up over so many milliseconds. */
  readonly unitMs: number;
  readonly group: LedgerGroup;
  readonly limit: number;
}

const MONEY = [
  'spent_cny',
  'spent_usd',
  'spent_unpriced',
  'avoided_cny',
  'avoided_usd',
  'avoided_unpriced',
] as const;

const FIGURES = [
  'hits',
  'misses',
  'coalesced',
  'bypassed',
  'errors',
  'bytes',
  ...MONEY,
  'avoided_ms',
] as const;

const COLUMNS = ['at', 'site', 'model', 'scope', ...FIGURES].join(', ');
const SUMS = FIGURES.map(sumOf).join(', ');
const MONEY_SUMS = MONEY.map(sumOf).join(', ');
const ADDED = FIGURES.map((name) => `${name} = ledger.${name} + excluded.${name}`).join(', ');
const VALUES = Array.from({ length: 4 + FIGURES.length }, (_, index) => `value ->> ${index}`).join(', ');

const GROUP_COLUMNS = { model: 'model', scope: 'scope', none: `''` } as const;

/** Every statement on the ledger. Rows go in as one JSON parameter. */
export const ledgerStatements = {
  add: (rows: readonly LedgerRow[]): SqlStatement => ({
    // "where true" tells the parser that "on conflict" is no join condition (SQLite, "UPSERT", section 2.2).
    sql: `insert into ledger (${COLUMNS}) select ${VALUES} from json_each(?) where true
      on conflict (site, at, model, scope) do update set ${ADDED}`,
    params: [JSON.stringify(rows.map(valuesOf))],
  }),

  select: ({ site, from, to, unitMs, group, limit }: LedgerSelection): SqlStatement => ({
    sql: `select at - at % ? as began, ${GROUP_COLUMNS[group]} as name, ${SUMS} from ledger
      where site = ? and at >= ? and at < ?
      group by began, name order by began, name limit ?`,
    params: [unitMs, site, from, to, limit],
  }),

  /** The money of all time. `+`: one pass over the table is quicker than a look-up in it for each row of the index. */
  money: (site: string): SqlStatement => ({
    sql: `select ${MONEY_SUMS} from ledger where +site = ?`,
    params: [site],
  }),

  /** Sums the hours before a time up to their days; `deleteHours` is to follow in the same batch. */
  addDays: (before: number): SqlStatement => ({
    sql: `insert into ledger (${COLUMNS})
      select at - at % ${DAY_MS} as day, site, model, scope, ${SUMS} from ledger
      where at < ? and at % ${DAY_MS} <> 0
      group by day, site, model, scope
      on conflict (site, at, model, scope) do update set ${ADDED}`,
    params: [before],
  }),

  deleteHours: (before: number): SqlStatement => ({
    sql: `delete from ledger where at < ? and at % ${DAY_MS} <> 0`,
    params: [before],
  }),
} as const;

function sumOf(name: string): string {
  return `coalesce(sum(${name}), 0) as ${name}`;
}

/** In the order of `COLUMNS`. */
function valuesOf({ at, site, model, scope, ...figures }: LedgerRow): readonly (string | number)[] {
  const { hits, misses, coalesced, bypassed, errors, bytes, spent, avoided, avoidedMs } = figures;
  return [
    ...[at, site, model, scope, hits, misses, coalesced, bypassed, errors, bytes],
    ...[spent.CNY, spent.USD, spent.unpriced, avoided.CNY, avoided.USD, avoided.unpriced, avoidedMs],
  ];
}
