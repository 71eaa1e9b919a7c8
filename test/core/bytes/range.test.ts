import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../src/core/bytes/range.ts';

describe('parseRange', () => {
  it.each([
    // RFC 9110 section 14.1.2, of 10 000 bytes
    ['bytes=0-499', 10_000, { start: 0, end: 499 }],
    ['bytes=500-999', 10_000, { start: 500, end: 999 }],
    ['bytes=-500', 10_000, { start: 9500, end: 9999 }],
    ['bytes=9500-', 10_000, { start: 9500, end: 9999 }],
    // cut to what is there
    ['bytes=0-99', 10, { start: 0, end: 9 }],
    ['bytes=-99', 10, { start: 0, end: 9 }],
    ['bytes=9-9', 10, { start: 9, end: 9 }],
    ['bytes=0-99999999999999999999999', 10, { start: 0, end: 9 }],
    // spelling
    ['BYTES=0-1', 10, { start: 0, end: 1 }],
    ['bytes= 0-1 ', 10, { start: 0, end: 1 }],
    ['bytes=,0-1,,', 10, { start: 0, end: 1 }],
    ['bytes=007-8', 10, { start: 7, end: 8 }],
  ])('%s of %i bytes', (header, size, expected) => {
    expect(parseRange(header, size)).toEqual(expected);
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=99999999999999999999999-'])(
    '%s of 10 bytes is unsatisfiable',
    (header) => expect(parseRange(header, 10)).toBe('unsatisfiable'),
  );

  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=,',
    'bytes=5-4',
    'bytes=a-b',
    'bytes=1',
    'bytes=1-2-3',
    'bytes=+1-2',
    'bytes=-1-2',
    'bytes=0x1-2',
    'bytes =0-1',
    'items=0-1',
    'bytes=0-1,3-4',
    'bytes=0-0,0-0',
  ])('%s is ignored', (header) => expect(parseRange(header, 10)).toBe('ignore'));

  it('finds nothing to cut out of nothing', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=-5', 0)).toBe('ignore');
  });

  it('gives for any header a range within the size, or none', () => {
    const numbers = fc.oneof(fc.nat(30), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.constant(''));
    const built = fc.tuple(numbers, numbers).map(([first, last]) => `bytes=${first}-${last}`);
    fc.assert(
      fc.property(fc.oneof(built, fc.string()), fc.nat(20), (header, size) => {
        const range = parseRange(header, size);
        if (typeof range === 'string') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });

  it('selects the bytes that slicing selects', () => {
    const bytes = Array.from({ length: 20 }, (_, index) => index);
    fc.assert(
      fc.property(fc.nat(19), fc.nat(40), fc.integer({ min: 1, max: 40 }), (start, length, suffix) => {
        const pick = (header: string) => {
          const range = parseRange(header, bytes.length);
          return typeof range === 'string' ? range : bytes.slice(range.start, range.end + 1);
        };
        expect(pick(`bytes=${start}-${start + length}`)).toEqual(bytes.slice(start, start + length + 1));
        expect(pick(`bytes=${start}-`)).toEqual(bytes.slice(start));
        expect(pick(`bytes=-${suffix}`)).toEqual(bytes.slice(-suffix));
      }),
    );
  });
});
