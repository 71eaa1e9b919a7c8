import type { Hasher } from '../../ports/hasher.ts';
import { startSha256 } from './portable-sha256.ts';
import { toHex } from './to-hex.ts';

/** The module's exchange buffer; longer input goes through it in pieces. */
const BUFFER_BYTES = 16 * 1024;

/**
 * Hashing with Web APIs only, for Workers. `xxh128Wasm` is hash-wasm's XXH3-128 module (MIT), compiled: a Worker may not
 * compile WebAssembly at run time, so it must come from a static import.
 */
export function createPortableHasher(xxh128Wasm: WebAssembly.Module): Hasher {
  return { xxh128: instantiateXxh128(xxh128Wasm), sha256: startSha256, hmac };
}

/**
 * The module's protocol: the seed (64 bits, little-endian) in the buffer at `Hash_Init`, then pieces of the input there
 * before each `Hash_Update`; after `Hash_Final` the digest is there. One instance serves all calls, since none of them
 * waits for anything in between.
 */
function instantiateXxh128(module: WebAssembly.Module): (bytes: Uint8Array) => string {
  const { exports } = new WebAssembly.Instance(module, {});
  const { memory, Hash_GetBuffer, Hash_Init, Hash_Update, Hash_Final } = exports;
  if (
    !(memory instanceof WebAssembly.Memory) ||
    typeof Hash_GetBuffer !== 'function' ||
    typeof Hash_Init !== 'function' ||
    typeof Hash_Update !== 'function' ||
    typeof Hash_Final !== 'function'
  ) {
    throw new TypeError('This WebAssembly module is not the XXH3-128 of hash-wasm.');
  }
  const offset: number = Hash_GetBuffer();
  const buffer = new Uint8Array(memory.buffer, offset, BUFFER_BYTES);

  return (bytes) => {
    buffer.fill(0, 0, 8);
    Hash_Init(null);
    for (let start = 0; start < bytes.length; start += BUFFER_BYTES) {
      const piece = bytes.subarray(start, start + BUFFER_BYTES);
      buffer.set(piece);
      Hash_Update(piece.length);
    }
    Hash_Final(null);
    return toHex(buffer.subarray(0, 16));
  };
}

async function hmac(key: Uint8Array, text: string): Promise<string> {
  // WebCrypto refuses an empty key. HMAC pads keys with zeros (RFC 2104 section 2), so one zero byte is the same key.
  const material = key.length === 0 ? new Uint8Array(1) : new Uint8Array(key);
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', material, algorithm, false, ['sign']);
  return toHex(new Uint8Array(await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text))));
}
