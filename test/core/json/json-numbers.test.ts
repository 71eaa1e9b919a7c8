import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/core/json/canonical-json.ts';
import { parseJson } from '../../../src/core/json/json-text.ts';
import { LAW } from '../../support/data/laws.ts';

/** A decimal literal as numerator and denominator. */
function rationalOf(literal: string): readonly [bigint, bigint] {
  const [mantissa = '', exponent = '0'] = literal.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(whole.replace('-', '') + fraction) * (whole.startsWith('-') ? -1n : 1n);
  return shift < 0 ? [digits, 10n ** BigInt(-shift)] : [digits * 10n ** BigInt(shift), 1n];
}

function sameNumber(a: string, b: string): boolean {
  const [aUp, aDown] = rationalOf(a);
  const [bUp, bDown] = rationalOf(b);
  return aUp * bDown === bUp * aDown;
}

const isExact = (literal: string) => parseJson(`[${literal}]`).exactNumbers;

const digits = (least: number) => fc.stringMatching(new RegExp(`^[0-9]{${least},20}$`));
/** JSON number literals of any look, around and beyond what a double holds. */
const literals = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(
      fc.constant('0'),
      fc.stringMatching(/^[1-9][0-9]{0,24}$/),
      fc.bigInt().map((n) => `${n < 0n ? -n : n}`),
    ),
    fc.option(digits(1), { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-', 'e-'), fc.nat(330)), { nil: undefined }),
  )
  .map(([sign, whole, fraction, exponent]) => {
    const tail = exponent === undefined ? '' : exponent.join('');
    return `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${tail}`;
  });

describe('exactNumbers', () => {
  it.each([
    '0',
    '-0',
    '0.0',
    '0e999999999',
    '1.0',
    '1e0',
    '0.1',
    '0.40',
    '-1',
    '999999999999999',
    '9007199254740992',
    '9007199254740994',
    '1e23',
    '1E+23',
    '1e-7',
    '1.7976931348623157e308',
    '5e-324',
    '100000000000000000000000',
    `1${'0'.repeat(300)}`,
    `0.${'0'.repeat(300)}1`,
  ])('%s is held', (literal) => expect(isExact(literal)).toBe(true));

  it.each([
    '9007199254740993',
    '12345678901234567890',
    '0.12345678901234567891',
    '333333333.33333329',
    '1e999',
    '-1e999',
    '1e-999',
    '2e-324',
    '1e99999999999999999999',
    `1${'0'.repeat(500)}`,
    `0.1${'0'.repeat(500)}`,
  ])('%s is not held', (literal) => expect(isExact(literal)).toBe(false));

  it('one number is enough, wherever it stands', () => {
    expect(parseJson('{"a":[1,{"b":9007199254740993}],"c":2}').exactNumbers).toBe(false);
    expect(parseJson('{"9007199254740993":"9007199254740993"}').exactNumbers).toBe(true);
  });

  it('says whether the double that is read prints as the same number', () => {
    fc.assert(
      fc.property(literals, (literal) => {
        const value = Number(literal);
        expect(isExact(literal)).toBe(Number.isFinite(value) && sameNumber(literal, String(value)));
      }),
      { ...LAW, numRuns: 2000 },
    );
  });

  it('never lets two different numbers have one canonical form', () => {
    const lastDigit = fc.nat(9);
    fc.assert(
      fc.property(fc.stringMatching(/^[1-9][0-9]{13,18}$/), lastDigit, lastDigit, (start, a, b) => {
        const [left, right] = [`${start}${a}`, `${start}${b}`];
        fc.pre(isExact(left) && isExact(right));
        const same = canonicalJson(JSON.parse(left)) === canonicalJson(JSON.parse(right));
        expect(same).toBe(a === b);
      }),
      { ...LAW, numRuns: 1000 },
    );
  });
});
