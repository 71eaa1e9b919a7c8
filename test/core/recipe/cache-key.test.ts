import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { createPortableHasher } from '../../../src/adapters/hash/portable.ts';
import { cacheKey, isCacheKey } from '../../../src/core/recipe/cache-key.ts';
import { type GoldenVector, goldenKeySuite } from '../../conformance/golden-keys.ts';
import { loadXxh128Wasm } from '../../support/fakes/xxh128-wasm.ts';

const VECTORS: readonly GoldenVector[] = JSON.parse(
  readFileSync(new URL('../golden/cache-keys.json', import.meta.url), 'utf8'),
);

/** How many vectors were there when this was last looked at, and their SHA-256 as JSON: those must stay as they are. */
const FROZEN = { count: 98, sha256: 'b7936780b8cb499595918d9360e0e623d30a6ca32b590226d1b57f0b2778116a' };

const native = (bytes: Uint8Array) => nativeHasher.xxh128(bytes);
const portable = createPortableHasher(loadXxh128Wasm()).xxh128;

goldenKeySuite('the native hasher', VECTORS, native);
goldenKeySuite('the portable hasher', VECTORS, portable);

describe('the golden vectors', () => {
  it('share a key where they say so, and nowhere else', () => {
    const seen = new Set<string>();
    for (const { about, key } of VECTORS) {
      expect([about, seen.has(key)]).toEqual([about, about.startsWith('same: ')]);
      seen.add(key);
    }
  });

  it('are only ever added to', () => {
    const frozen = JSON.stringify(VECTORS.slice(0, FROZEN.count));
    expect(createHash('sha256').update(frozen).digest('hex')).toBe(FROZEN.sha256);
  });
});

describe('cacheKey', () => {
  it('is the version and XXH3-128 of the UTF-8 bytes', () => {
    expect(cacheKey(native, 'hello world')).toBe('k1:df8d09e93f874900a99b8775cc15b6c7');
    expect(cacheKey(native, '雨')).toBe(`k1:${native(new TextEncoder().encode('雨'))}`);
  });
});

describe('isCacheKey', () => {
  it('knows a key', () => {
    expect(isCacheKey(cacheKey(native, ''))).toBe(true);
  });

  it.each([
    '',
    'k1:',
    `k2:${'a'.repeat(32)}`,
    `k1:${'A'.repeat(32)}`,
    `k1:${'a'.repeat(31)}`,
    `k1:${'a'.repeat(32)}\n`,
  ])('%j is none', (text) => expect(isCacheKey(text)).toBe(false));
});
