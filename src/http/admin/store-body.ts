import type { Removed } from '../../services/entries/entry-remover.ts';
import type { Share, Statistics } from '../../services/inventory/statistics.ts';
import type { LedgerSpending } from '../../services/ledger/ledger.ts';
import type { EntrySummaryBody } from './entry-body.ts';
import { type CostTotal, costTotals } from './ledger-body.ts';

/** What belongs to one model or scope. */
export type ShareBody = Omit<Share, 'name'>;

/** How much is stored, whose it is, and what it cost and spared. */
export interface StatisticsBody {
  readonly entries: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly models: readonly (ShareBody & { readonly model: string })[];
  readonly scopes: readonly (ShareBody & { readonly scope: string })[];
  readonly cost: readonly CostTotal[];
}

/** What a purge removed or would remove, with the newest of it. */
export interface PurgeBody extends Removed {
  readonly sample: readonly EntrySummaryBody[];
}

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
