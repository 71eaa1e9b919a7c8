import { expect, it } from 'vitest';
import { spendingOf } from '../../../src/core/models/spending.ts';

const COST = { amount: 0.5, currency: 'CNY' } as const;

it.each([
  [
    { cost: COST, cached: false },
    { spent: 0.5, avoided: 0 },
  ],
  [
    { cost: COST, cached: true },
    { spent: 0, avoided: 0.5 },
  ],
  [
    { cost: undefined, cached: false },
    { spent: null, avoided: 0 },
  ],
  [
    { cost: undefined, cached: true },
    { spent: 0, avoided: null },
  ],
])('%j comes to %j', (given, expected) => expect(spendingOf(given)).toEqual(expected));
