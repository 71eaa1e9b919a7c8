import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64Pieces, decodeBase64, encodeBase64 } from '../../../src/core/bytes/base64.ts';
import { concatBytes } from '../../../src/core/bytes/concat-bytes.ts';
import { readAll } from '../../../src/core/bytes/read-all.ts';
import { LAW } from '../../support/data/laws.ts';

async function textOfPieces(chunks: Iterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(await readAll(base64Pieces(chunks)));
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('base64', () => {
  // RFC 4648 section 10
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('%j is %j', (text, base64) => {
    expect(encodeBase64(bytesOf(text))).toBe(base64);
    expect(decodeBase64(base64)).toEqual(bytesOf(text));
    expect(decodeBase64(base64.replace(/=/g, ''))).toEqual(bytesOf(text));
  });

  it('agrees with the platform on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const base64 = Buffer.from(bytes).toString('base64');
        expect(encodeBase64(bytes)).toBe(base64);
        expect(decodeBase64(base64)).toEqual(bytes);
      }),
      LAW,
    );
  });

  it('in pieces is the same, in whatever chunks the bytes come', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(chunks, async (parts) => {
        expect(await textOfPieces(parts)).toBe(encodeBase64(concatBytes(parts)));
      }),
      LAW,
    );
  });

  it('of one large chunk comes in pieces', async () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 31) & 255);
    expect(await textOfPieces([bytes])).toBe(encodeBase64(bytes));
    const first = await base64Pieces([bytes]).next();
    expect(first.value?.length).toBe(64 * 1024);
  });

  it.each([0x5fff, 0x6000, 0x6001, 100_003])('comes back from %i bytes', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) & 255);
    expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
  });

  it.each([
    'A',
    'AAAAA',
    'Zg===',
    'Zg=',
    'Zm9v=',
    'Zm9v==',
    '=',
    '==',
    'Z=g=',
    'Zm9v Zm9v',
    'Zm9v\n',
    'Zm-_',
    'Zm9\u0141',
    'Zm9\u{1f600}',
  ])('%j is not base64', (text) => expect(decodeBase64(text)).toBeUndefined());
});
