import { createHash, createHmac } from 'node:crypto';
import { xxh3 } from '@node-rs/xxhash';
import type { Hasher } from '../../ports/hasher.ts';

/** Hashing by native code, for Node. */
export const nativeHasher: Hasher = {
  xxh128: (bytes) => xxh3.xxh128(bytes).toString(16).padStart(32, '0'),

  sha256() {
    const hash = createHash('sha256');
    return {
      update(chunk) {
        hash.update(chunk);
      },
      digest: async () => hash.digest('hex'),
    };
  },

  hmac: async (key, text) => createHmac('sha256', key).update(text, 'utf8').digest('hex'),
};
