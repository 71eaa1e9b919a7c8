import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { Failure } from '../../../src/cli/failure.ts';
import { MoneySum } from '../../../src/cli/money.ts';
import { Purse, parseBudget } from '../../../src/cli/warm/budget.ts';
import { isAppError } from '../../../src/core/errors.ts';
import type { Cost } from '../../../src/core/events.ts';

const cny = (amount: number): Cost => ({ amount, currency: 'CNY' });
const usd = (amount: number): Cost => ({ amount, currency: 'USD' });

function failureOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a budget', () => {
  it.each([
    ['20', { amount: 20, currency: undefined }],
    ['12.50 CNY', { amount: 12.5, currency: 'CNY' }],
    ['3usd', { amount: 3, currency: 'USD' }],
    ['0', { amount: 0, currency: undefined }],
  ])('%s', (text, expected) => expect(parseBudget(text)).toEqual(expected));

  it.each(['', '-1', 'a lot', '5 EUR', '1,50', '1e3', 'CNY'])('%j is refused', (text) =>
    expect(
      isAppError(
        failureOf(() => parseBudget(text)),
        'config',
      ),
    ).toBe(true),
  );

  it('lets go to the last cent, and no further', () => {
    const purse = new Purse(parseBudget('0.3'), [cny(0.1)], false);
    expect([0.1, 0.1, 0.1, 0.1].map((amount) => purse.take(cny(amount)))).toEqual([true, true, true, false]);
    purse.giveBack(cny(0.1));
    expect([purse.take(cny(0.1)), purse.take(cny(0.1))]).toEqual([true, false]);
  });

  it('of nothing buys nothing', () => {
    expect(new Purse(parseBudget('0'), [cny(0.1)], false).take(cny(0.1))).toBe(false);
  });

  it('that is not given has no end', () => {
    const purse = new Purse(undefined, [null, cny(1), usd(1)], false);
    expect([purse.take(cny(1e9)), purse.take(usd(1e9)), purse.take(null)]).toEqual([true, true, true]);
  });

  it('does not reach what has no known price, unless that is allowed beside it', () => {
    const failure = failureOf(() => new Purse(parseBudget('1'), [cny(1), null], false));
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ exitCode: EXIT.usage });
    const purse = new Purse(parseBudget('1'), [cny(1), null], true);
    expect([purse.take(null), purse.take(cny(1)), purse.take(cny(1))]).toEqual([true, true, false]);
  });

  it.each([
    ['1 CNY', [usd(1)]],
    ['1', [cny(1), usd(1)]],
  ])('of %s does not speak of other currencies', (text, costs) => {
    expect(failureOf(() => new Purse(parseBudget(text), costs, false))).toMatchObject({
      exitCode: EXIT.usage,
    });
  });
});

describe('a sum of prices', () => {
  it.each([
    [[], 'nothing'],
    [[cny(0.1), cny(0.2)], '0.30 CNY'],
    [[cny(0.5), usd(0.075)], '0.50 CNY and 0.075 USD'],
    [[null], '1 of unknown price'],
    [[cny(1), null, null], '1.00 CNY and 2 of unknown price'],
  ])('%j is %s', (costs, text) => expect(String(MoneySum.of(costs))).toBe(text));

  it('is JSON for scripts', () => {
    expect(JSON.stringify(MoneySum.of([cny(0.1), cny(0.2), null]))).toBe(
      '{"known":[{"amount":0.3,"currency":"CNY"}],"unknown":1}',
    );
  });
});
