import type { Cost } from '../core/events.ts';

/** `0.50 CNY`; fractions of a cent are shown where there are any. */
export function formatMoney({ amount, currency }: Cost): string {
  const cents = amount.toFixed(2);
  return `${Number(cents) === amount ? cents : String(amount)} ${currency}`;
}
