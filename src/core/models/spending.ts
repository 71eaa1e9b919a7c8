import type { Cost } from '../events.ts';

/** What one answer cost and saved, in the currency of its generation's cost. Null is unknown, which is not zero. */
export interface Spending {
  readonly spent: number | null;
  readonly avoided: number | null;
}

/** `cost` is what the pictures' generation cost; `cached` says that nothing was bought for this answer. */
export function spendingOf({ cost, cached }: { cost: Cost | undefined; cached: boolean }): Spending {
  const amount = cost?.amount ?? null;
  return cached ? { spent: 0, avoided: amount } : { spent: amount, avoided: 0 };
}
