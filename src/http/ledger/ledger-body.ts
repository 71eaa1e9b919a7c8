import type { Cost } from '../../core/events.ts';
import type { LedgerMoney } from '../../services/ledger/ledger.ts';
import type { LedgerGroup } from '../../services/ledger/ledger-statements.ts';
import type { LedgerSum } from '../../services/ledger/ledger-store.ts';
import type { LedgerRowBody } from './ledger-schema.ts';

/** Amounts by currency, of which there are any. */
export function costsOf({ CNY, USD }: LedgerMoney): readonly Cost[] {
  const costs: readonly Cost[] = [
    { currency: 'CNY', amount: rounded(CNY) },
    { currency: 'USD', amount: rounded(USD) },
  ];
  return costs.filter(({ amount }) => amount !== 0);
}

export function ledgerRowBody(sum: LedgerSum, group: LedgerGroup): LedgerRowBody {
  const { at, name, hits, misses, coalesced, bypassed, errors, bytes, spent, avoided, avoidedMs } = sum;
  return {
    at: timeOf(at),
    ...(group === 'none' ? {} : { [group]: name }),
    hits,
    misses,
    coalesced,
    bypassed,
    errors,
    bytes,
    spent: costsOf(spent),
    spent_unpriced: spent.unpriced,
    avoided: costsOf(avoided),
    avoided_unpriced: avoided.unpriced,
    seconds_avoided: avoidedMs / 1000,
  };
}

const FIGURES = [
  'hits,misses,coalesced,bypassed,errors,bytes',
  'spent_cny,spent_usd,spent_unpriced,avoided_cny,avoided_usd,avoided_unpriced,seconds_avoided',
].join(',');

/** The rows as CSV (RFC 4180), a header first. */
export function ledgerCsv(sums: readonly LedgerSum[], group: LedgerGroup): string {
  const names = group === 'none' ? 'at' : `at,${group}`;
  const lines = sums.map(({ at, name, hits, misses, coalesced, bypassed, errors, bytes, ...rest }) =>
    [
      timeOf(at),
      ...(group === 'none' ? [] : [quoted(name)]),
      ...[hits, misses, coalesced, bypassed, errors, bytes],
      ...moneyCells(rest.spent),
      ...moneyCells(rest.avoided),
      rest.avoidedMs / 1000,
    ].join(','),
  );
  return [`${names},${FIGURES}`, ...lines, ''].join('\r\n');
}

function moneyCells({ CNY, USD, unpriced }: LedgerMoney): readonly number[] {
  return [rounded(CNY), rounded(USD), unpriced];
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}

/** Far below a cent: binary fractions would show their tails in sums. */
export function rounded(amount: number): number {
  return Math.round(amount * 1e6) / 1e6;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
