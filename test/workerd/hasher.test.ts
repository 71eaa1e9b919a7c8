import { createHash, createHmac } from 'node:crypto';
import { createPortableHasher } from '../../src/adapters/hash/portable.ts';
import xxh128Wasm from '../../src/adapters/hash/xxh128.wasm';
import type { Hasher } from '../../src/ports/hasher.ts';
import { goldenKeySuite } from '../conformance/golden-keys.ts';
import { hasherConformance } from '../conformance/hasher.ts';
import VECTORS from '../core/golden/cache-keys.json' with { type: 'json' };

const portable = createPortableHasher(xxh128Wasm);

/** For XXH3-128 there is no second implementation here: the published digests and the golden vectors stand in. */
const reference: Hasher = {
  xxh128: portable.xxh128,
  sha256: () => {
    const hash = createHash('sha256');
    return {
      update: (chunk) => {
        hash.update(chunk);
      },
      digest: async () => hash.digest('hex'),
    };
  },
  hmac: async (key, text) => createHmac('sha256', key).update(text).digest('hex'),
};

hasherConformance('the portable hasher in workerd', portable, reference);
goldenKeySuite('the portable hasher in workerd', VECTORS, portable.xxh128);
