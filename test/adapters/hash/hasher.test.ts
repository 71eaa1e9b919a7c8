import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { createPortableHasher } from '../../../src/adapters/hash/portable.ts';
import { hasherConformance } from '../../conformance/hasher.ts';
import { loadXxh128Wasm } from '../../support/fakes/xxh128-wasm.ts';

const portableHasher = createPortableHasher(loadXxh128Wasm());

hasherConformance('the native hasher', nativeHasher, portableHasher);
hasherConformance('the portable hasher', portableHasher, nativeHasher);

/** Stands in for Cloudflare's class of the same name. It takes chunks later than they are given, as a stream may. */
class DigestStreamStub extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>;

  constructor(algorithm: 'SHA-256') {
    const hash = createHash(algorithm);
    let resolve: (digest: ArrayBuffer) => void = () => {};
    super({
      async write(chunk) {
        await Promise.resolve();
        hash.update(chunk);
      },
      close: () => resolve(new Uint8Array(hash.digest()).buffer),
    });
    this.digest = new Promise((done) => {
      resolve = done;
    });
  }
}

describe('where the runtime has crypto.DigestStream', () => {
  beforeEach(() => {
    Object.defineProperty(crypto, 'DigestStream', { value: DigestStreamStub, configurable: true });
  });
  afterEach(() => {
    Reflect.deleteProperty(crypto, 'DigestStream');
  });

  hasherConformance('the portable hasher', portableHasher, nativeHasher);

  it('a chunk that cannot be hashed fails the digest', async () => {
    class Broken extends WritableStream<Uint8Array> {
      readonly digest = new Promise<ArrayBuffer>(() => {});
      constructor() {
        super({ write: () => Promise.reject(new Error('broken')) });
      }
    }
    Object.defineProperty(crypto, 'DigestStream', { value: Broken, configurable: true });
    const hash = portableHasher.sha256();
    hash.update(Uint8Array.of(1));
    await expect(hash.digest()).rejects.toThrow('broken');
  });
});

describe('the portable hasher', () => {
  it('refuses a module that is another one', () => {
    const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(() => createPortableHasher(empty)).toThrow('XXH3-128');
  });
});
