import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * hash-wasm's XXH3-128 module. The package carries it as base64 inside its JavaScript, which Workers may not compile; for
 * them it lies as a file beside the portable hasher.
 */
export function readXxh128Wasm(): Buffer<ArrayBuffer> {
  const path = createRequire(import.meta.url).resolve('hash-wasm/dist/xxhash128.umd.min.js');
  // "AGFzbQ" is how the magic bytes of WebAssembly, \0asm, begin in base64.
  const base64 = /["'](AGFzbQ[A-Za-z0-9+/=]+)["']/.exec(readFileSync(path, 'utf8'))?.[1];
  if (base64 === undefined) throw new Error('hash-wasm no longer carries its module as base64.');
  return Buffer.from(base64, 'base64');
}

/** The same, compiled. */
export function loadXxh128Wasm(): WebAssembly.Module {
  return new WebAssembly.Module(readXxh128Wasm());
}
