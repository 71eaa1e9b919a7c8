import type { Sha256 } from '../../ports/hasher.ts';
import { toHex } from './to-hex.ts';

/** Cloudflare's addition to WebCrypto: https://developers.cloudflare.com/workers/runtime-apis/web-crypto/ */
interface DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>;
}

interface CryptoWithDigestStream extends Crypto {
  readonly DigestStream: new (algorithm: 'SHA-256') => DigestStream;
}

/**
 * A fresh SHA-256. WebCrypto hashes only what is there as a whole; where the runtime has `crypto.DigestStream` the chunks
 * pass through it, elsewhere they are collected, which costs as much memory as there are bytes.
 */
export function startSha256(): Sha256 {
  return hasDigestStream(crypto) ? streaming(new crypto.DigestStream('SHA-256')) : collecting();
}

function hasDigestStream(value: Crypto): value is CryptoWithDigestStream {
  return 'DigestStream' in value;
}

function streaming(stream: DigestStream): Sha256 {
  const writer = stream.getWriter();
  let failure: Promise<void> = Promise.resolve();
  return {
    update(chunk) {
      // A copy: the stream reads the chunk later, when the caller may have reused it.
      const written = writer.write(new Uint8Array(chunk));
      failure = Promise.all([failure, written]).then(() => undefined);
      // `digest` reports the failure. Without a caller it must not end the process.
      failure.catch(() => undefined);
    },
    async digest() {
      await failure;
      await writer.close();
      return toHex(new Uint8Array(await stream.digest));
    },
  };
}

function collecting(): Sha256 {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  return {
    update(chunk) {
      chunks.push(new Uint8Array(chunk));
    },
    async digest() {
      const bytes = await new Blob(chunks).arrayBuffer();
      return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
    },
  };
}
