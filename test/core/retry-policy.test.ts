import { describe, expect, it } from 'vitest';
import { type FailedAttempt, nextDelay } from '../../src/core/retry-policy.ts';

const LIMITS = { throttledAttempts: 4, failedAttempts: 3, budgetMs: 30_000 };

function failed(changes: Partial<FailedAttempt>): FailedAttempt {
  return {
    status: 500,
    code: undefined,
    message: undefined,
    retryAfterMs: undefined,
    attempts: 1,
    elapsedMs: 0,
    ...changes,
  };
}

const isRetried = (changes: Partial<FailedAttempt>) => nextDelay(failed(changes), LIMITS, 0.5) !== undefined;

/** How many attempts are made in all when every one fails alike. */
function attemptsOf(changes: Partial<FailedAttempt>): number {
  for (let attempts = 1; attempts < 100; attempts += 1) {
    if (!isRetried({ ...changes, attempts })) return attempts;
  }
  return Number.POSITIVE_INFINITY;
}

describe('how often', () => {
  it.each([
    [429, 4],
    [500, 3],
    [502, 3],
    [503, 3],
    [504, 1],
    [599, 3],
    [0, 3],
    [400, 1],
    [401, 1],
    [403, 1],
    [404, 1],
    [408, 1],
    [413, 1],
    [418, 1],
    [499, 1],
  ])('status %i: %i attempts in all', (status, attempts) => {
    expect(attemptsOf({ status })).toBe(attempts);
  });

  it.each([
    ['Throttling', 'Requests throttling triggered.', 4],
    ['Throttling.RateQuota', 'Requests rate limit exceeded, please try again later.', 4],
    ['Throttling.AllocationQuota', 'Allocated quota exceeded, please increase your quota limit.', 4],
    ['Throttling.AllocationQuota', 'Free allocated quota exceeded.', 1],
    ['PrepaidBillOverdue', '', 1],
    ['PostpaidBillOverdue', '', 1],
    ['CommodityNotPurchased', '', 1],
    ['BudgetLimitExceeded', '', 1],
    ['AllocationQuota.FreeTierOnly', '', 1],
  ])('a 429 with code %s, "%s": %i attempts in all', (code, message, attempts) => {
    expect(attemptsOf({ status: 429, code, message })).toBe(attempts);
  });

  it('is what the limits say', () => {
    const limits = { throttledAttempts: 1, failedAttempts: 2, budgetMs: 30_000 };
    expect(nextDelay(failed({ status: 429 }), limits, 0)).toBeUndefined();
    expect(nextDelay(failed({ status: 500 }), limits, 0)).toBeDefined();
    expect(nextDelay(failed({ status: 500, attempts: 2 }), limits, 0)).toBeUndefined();
  });
});

describe('how long', () => {
  it.each([
    [1, 250, 500],
    [2, 500, 1000],
    [3, 1000, 2000],
    [4, 2000, 4000],
    [5, 4000, 8000],
    [6, 4000, 8000],
    [40, 4000, 8000],
  ])('after attempt %i: from %i to %i ms', (attempts, least, most) => {
    const limits = { ...LIMITS, failedAttempts: 100 };
    expect(nextDelay(failed({ attempts }), limits, 0)).toBe(least);
    expect(nextDelay(failed({ attempts }), limits, 1)).toBe(most);
  });

  it('is what upstream asks for', () => {
    expect(nextDelay(failed({ status: 429, retryAfterMs: 7000 }), LIMITS, 0.9)).toBe(7000);
    expect(nextDelay(failed({ status: 503, retryAfterMs: 0 }), LIMITS, 0.9)).toBe(0);
  });

  it('never goes beyond the time there is', () => {
    expect(nextDelay(failed({ retryAfterMs: 30_000 }), LIMITS, 0)).toBe(30_000);
    expect(nextDelay(failed({ retryAfterMs: 30_001 }), LIMITS, 0)).toBeUndefined();
    expect(nextDelay(failed({ retryAfterMs: 1000, elapsedMs: 29_001 }), LIMITS, 0)).toBeUndefined();
    expect(nextDelay(failed({ elapsedMs: 29_800 }), LIMITS, 0)).toBeUndefined();
  });
});
