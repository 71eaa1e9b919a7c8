import type { Statistics } from '../../services/inventory/statistics.ts';
import type { LedgerSpending } from '../../services/ledger/ledger.ts';
import { costTotals } from '../ledger/ledger-body.ts';
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
