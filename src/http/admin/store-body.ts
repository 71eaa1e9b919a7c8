import type { Statistics } from '../../services/inventory/statistics.ts';
import type { LedgerSpending } from '../../services/ledger/ledger.ts';
import { rounded } from '../ledger/ledger-body.ts';
import type { StatisticsBody } from './store-schema.ts';

export function statisticsBody(
  { models, scopes, ...totals }: Statistics,
  spending: LedgerSpending,
): StatisticsBody {
  return {
    ...totals,
    models: models.map(({ name, ...share }) => ({ model: name, ...share })),
    scopes: scopes.map(({ name, ...share }) => ({ scope: name, ...share })),
    cost: costTotals(spending),
  };
}

/** What was spent and avoided in all, for each currency of which there is any. */
function costTotals({ spent, avoided }: LedgerSpending): StatisticsBody['cost'] {
  return (['CNY', 'USD'] as const)
    .filter((currency) => spent[currency] !== 0 || avoided[currency] !== 0)
    .map((currency) => ({
      currency,
      spent: rounded(spent[currency]),
      avoided: rounded(avoided[currency]),
    }));
}
