/** Hashing, native or portable. Both must give the same digests; the golden vectors prove it. */
export interface Hasher {
  /** XXH3-128 with seed 0 of the bytes, 32 lower-case hex digits (canonical big-endian form, as `xxhsum -H2` prints it). */
  xxh128(bytes: Uint8Array): string;
  /** A fresh SHA-256. */
  sha256(): Sha256;
  /** HMAC-SHA-256 of UTF-8 text under a key, 64 lower-case hex digits. */
  hmac(key: Uint8Array, text: string): Promise<string>;
}

export interface Sha256 {
  update(chunk: Uint8Array): void;
  /** 64 lower-case hex digits; call it once. */
  digest(): Promise<string>;
}
