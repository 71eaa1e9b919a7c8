import type { Cost } from '../../core/events.ts';

/** Money at list price, by currency, and how many had no known price: that is not zero. */
export interface LedgerMoney {
  CNY: number;
  USD: number;
  unpriced: number;
}

/** What was paid, and what did not need to be. */
export interface LedgerSpending {
  readonly spent: LedgerMoney;
  readonly avoided: LedgerMoney;
}

/** What requests came to. */
export interface LedgerFigures extends LedgerSpending {
  hits: number;
  misses: number;
  coalesced: number;
  bypassed: number;
  errors: number;
  /** Of the pictures stored. */
  bytes: number;
  /** How long the pictures took to draw that nobody had to wait for. */
  avoidedMs: number;
}

/** The figures of one hour, model and scope at one site. */
export interface LedgerRow extends LedgerFigures {
  /** The hour's beginning. */
  readonly at: number;
  readonly site: string;
  readonly model: string;
  readonly scope: string;
}

export const HOUR_MS = 60 * 60 * 1000;
export const DAY_MS = 24 * HOUR_MS;

/** The beginning of the unit (an hour, or a day in UTC) that a time is in. */
export function beginningOf(at: number, unitMs: number): number {
  return at - (at % unitMs);
}

/** Nothing yet. */
export function noFigures(): LedgerFigures {
  return {
    hits: 0,
    misses: 0,
    coalesced: 0,
    bypassed: 0,
    errors: 0,
    bytes: 0,
    spent: { CNY: 0, USD: 0, unpriced: 0 },
    avoided: { CNY: 0, USD: 0, unpriced: 0 },
    avoidedMs: 0,
  };
}

/** Adds one purchase, or one that was not needed. */
export function addCost(money: LedgerMoney, cost: Cost | undefined): void {
  if (cost === undefined) money.unpriced += 1;
  else money[cost.currency] += cost.amount;
}

/** The figures of one purchase. */
export function spending(cost: Cost | undefined): LedgerFigures {
  const figures = noFigures();
  addCost(figures.spent, cost);
  return figures;
}
