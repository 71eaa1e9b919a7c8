import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadAndTail } from '../../../src/services/blobs/head-and-tail.ts';
import { pseudoRandomBytes } from '../../conformance/hasher.ts';

const HEAD = 512 * 1024;
const BYTES = pseudoRandomBytes(HEAD + 20_000);

describe('ImageEnds', () => {
  it('keeps the first 512 KiB and the last 4 KiB however the bytes are cut', () => {
    const sizes = fc.array(fc.oneof(fc.nat(10), fc.integer({ min: 4090, max: 4100 }), fc.nat(300_000)), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const ends = new HeadAndTail();
        let at = 0;
        for (const length of lengths) {
          const chunk = BYTES.slice(at, at + length);
          ends.add(chunk);
          at += chunk.length;
          chunk.fill(0);
        }
        expect(ends.size).toBe(at);
        expect(Buffer.compare(ends.head(), BYTES.subarray(0, Math.min(at, HEAD)))).toBe(0);
        expect(Buffer.compare(ends.tail(), BYTES.subarray(Math.max(0, at - 4096), at))).toBe(0);
      }),
    );
  });
});
