import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hasher } from '../../src/ports/hasher.ts';

/** The same bytes on every run: xorshift32. */
export function pseudoRandomBytes(length: number): Uint8Array {
  let state = 0x9e3779b9;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 255;
  });
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The lengths at which XXH3 takes another path, those around 16 KiB, and a large one. */
const LENGTHS = [1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1024, 16_383, 16_384, 16_385, 65_536, 2_000_003];

/** What every `Hasher` must do. `reference` is another one, to agree with. */
export function hasherConformance(name: string, hasher: Hasher, reference: Hasher): void {
  async function sha256Of(...chunks: Uint8Array[]): Promise<string> {
    const hash = hasher.sha256();
    for (const chunk of chunks) hash.update(chunk);
    return hash.digest();
  }

  describe(`${name} as a hasher`, () => {
    it('gives the published XXH3-128 digests', () => {
      expect(hasher.xxh128(utf8('hello world'))).toBe('df8d09e93f874900a99b8775cc15b6c7');
      expect(hasher.xxh128(utf8(''))).toBe('99aa06d3014798d86001c324468d497f');
      expect(hasher.xxh128(utf8('a'))).toBe('a96faf705af16834e6c632b61e964e1f');
    });

    it.each(LENGTHS)('agrees with the reference on XXH3-128 of %i bytes', (length) => {
      const bytes = pseudoRandomBytes(length);
      expect(hasher.xxh128(bytes)).toBe(reference.xxh128(bytes));
    });

    it('hashes a view by its own bytes, not by those of its buffer', () => {
      const whole = pseudoRandomBytes(40_000);
      const view = whole.subarray(123, 33_456);
      expect(hasher.xxh128(view)).toBe(hasher.xxh128(whole.slice(123, 33_456)));
    });

    it('leaves no trace of one call in the next', () => {
      const before = hasher.xxh128(utf8('hello world'));
      hasher.xxh128(pseudoRandomBytes(50_000));
      expect(hasher.xxh128(utf8('hello world'))).toBe(before);
    });

    it('gives the published SHA-256 digests', async () => {
      expect(await sha256Of()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
      expect(await sha256Of(utf8('abc'))).toBe(
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      );
    });

    it('gives one SHA-256 however the bytes are cut', async () => {
      const bytes = pseudoRandomBytes(2_000_003);
      const expected = createHash('sha256').update(bytes).digest('hex');
      expect(await sha256Of(bytes)).toBe(expected);
      expect(await sha256Of(bytes.subarray(0, 1), new Uint8Array(0), bytes.subarray(1))).toBe(expected);
    });

    it('has taken the bytes when update returns', async () => {
      const hash = hasher.sha256();
      const chunk = utf8('abc');
      hash.update(chunk);
      chunk.fill(0);
      expect(await hash.digest()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    });

    it('keeps two SHA-256 in progress apart', async () => {
      const [first, second] = [hasher.sha256(), hasher.sha256()];
      first.update(utf8('a'));
      second.update(utf8('ab'));
      first.update(utf8('bc'));
      second.update(utf8('c'));
      expect(await first.digest()).toBe(await second.digest());
    });

    it('gives the HMAC of RFC 4231, test cases 1, 2 and 6', async () => {
      expect(await hasher.hmac(new Uint8Array(20).fill(0x0b), 'Hi There')).toBe(
        'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
      );
      expect(await hasher.hmac(utf8('Jefe'), 'what do ya want for nothing?')).toBe(
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      );
      const longKey = new Uint8Array(131).fill(0xaa);
      expect(await hasher.hmac(longKey, 'Test Using Larger Than Block-Size Key - Hash Key First')).toBe(
        '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
      );
    });

    it('agrees with the reference on any bytes, keys and text', async () => {
      const bytes = fc.uint8Array({ maxLength: 2000 });
      const texts = fc.string({ unit: 'binary', maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(bytes, fc.nat(50), bytes, texts, async (content, skipped, key, text) => {
          const view = content.subarray(skipped);
          expect(hasher.xxh128(view)).toBe(reference.xxh128(view));
          expect(hasher.xxh128(utf8(text))).toBe(reference.xxh128(utf8(text)));
          expect(await hasher.hmac(key, text)).toBe(await reference.hmac(key, text));
          const other = reference.sha256();
          other.update(view);
          expect(await sha256Of(view)).toBe(await other.digest());
        }),
        { numRuns: 200 },
      );
    });
  });
}
