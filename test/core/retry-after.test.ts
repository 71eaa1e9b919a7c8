import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../src/core/retry-policy.ts';

const AT = Date.UTC(1994, 10, 6, 8, 49, 37);
const zone = process.env.TZ;

afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

describe('parseRetryAfter', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['007', 7000],
  ])('%s is seconds', (value, expected) => expect(parseRetryAfter(value, AT)).toBe(expected));

  describe.each(['UTC', 'Asia/Shanghai'])('in the time zone %s', (name) => {
    beforeEach(() => {
      process.env.TZ = name;
    });

    // The three forms of RFC 9110 section 5.6.7; every one is in GMT.
    it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
      '%s is a date',
      (value) => {
        expect(parseRetryAfter(value, AT - 5000)).toBe(5000);
        expect(parseRetryAfter(value, AT + 5000)).toBe(0);
      },
    );
  });

  it.each([
    undefined,
    '',
    ' ',
    'soon',
    '-5',
    '1.5',
    '+3',
    '1e3',
    'wait 5',
    '0x10',
    '1994-11-06',
    'Sun, 06 Nov 1994',
  ])('%j says nothing', (value) => expect(parseRetryAfter(value, AT)).toBeUndefined());
});
