import { mayHaveDrawn, type Refused } from './purchases/may-have-drawn.ts';

/** What the rules of retrying go by; see `nextDelay`. */
export interface RetryLimits {
  /** Attempts in all when upstream says 429. */
  readonly throttledAttempts: number;
  /** Attempts in all when upstream says 5xx, or could not be reached at all. */
  readonly failedAttempts: number;
  /** The longest time to spend on further attempts, counted from the first answer, in milliseconds. */
  readonly budgetMs: number;
}

/** `status` is 0 when no byte of the request left this machine. */
export interface FailedAttempt extends Refused {
  readonly retryAfterMs: number | undefined;
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  /** Milliseconds since the first failed answer. */
  readonly elapsedMs: number;
}

const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;

/** 429 codes that waiting does not cure: money or plan, by the vendor's error table. */
const FINAL_THROTTLES: ReadonlySet<string> = new Set([
  'PrepaidBillOverdue',
  'PostpaidBillOverdue',
  'CommodityNotPurchased',
  'BudgetLimitExceeded',
  'AllocationQuota.FreeTierOnly',
]);

/**
 * How long to wait before the next attempt; undefined means to give up and pass the answer on. Refusals (429) and
 * failures (5xx, never sent) cost nothing and may be tried again, unless they leave open whether the picture was drawn:
 * sending again could pay twice. 508 (a chain of servers that leads back) would be the same again.
 */
export function nextDelay(failure: FailedAttempt, limits: RetryLimits, random: number): number | undefined {
  if (!isRetryable(failure)) return undefined;
  const allowed = failure.status === 429 ? limits.throttledAttempts : limits.failedAttempts;
  if (failure.attempts >= allowed) return undefined;
  const ceiling = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (failure.attempts - 1));
  // Half fixed, half chance: clients that failed together do not come back together, yet none comes at once.
  const delayMs = failure.retryAfterMs ?? ceiling / 2 + random * (ceiling / 2);
  return failure.elapsedMs + delayMs > limits.budgetMs ? undefined : delayMs;
}

/** Whether a failure may pass, and has cost nothing. */
export function isRetryable({ status, code, message }: Refused): boolean {
  if (status === 429) {
    return !FINAL_THROTTLES.has(code ?? '') && !(message ?? '').startsWith('Free allocated quota exceeded');
  }
  if (mayHaveDrawn({ status, code, message })) return false;
  return status === 0 || (status >= 500 && status !== 508);
}

/** An HTTP-date (RFC 9110 section 5.6.7): two forms end in GMT, and asctime's means GMT without saying so. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? [\w -]+ \d\d:\d\d:\d\d (?:GMT|\d{4})$/;

/** `Retry-After` (RFC 9110 section 10.2.3): seconds or a date, as milliseconds from `now`; undefined for anything else. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse alone reads a date in almost anything: `1.5` would be a day in 2001, and no wait at all.
  if (!HTTP_DATE.test(value)) return undefined;
  const at = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
