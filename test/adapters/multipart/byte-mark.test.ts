import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteMark } from '../../../src/adapters/multipart/byte-mark.ts';

it('is found where it first is, as in a text', () => {
  const text = (minLength: number, maxLength: number) =>
    fc.string({ minLength, maxLength, unit: fc.constantFrom('\r', '\n', '-', 'a') });
  fc.assert(
    fc.property(text(1, 6), text(0, 40), (mark, whole) => {
      expect(new ByteMark(Buffer.from(mark)).findIn(Buffer.from(whole))).toBe(whole.indexOf(mark));
    }),
    { numRuns: 2_000 },
  );
});
