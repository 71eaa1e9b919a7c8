import { once } from 'node:events';
import { promisify } from 'node:util';
import { constants, createGzip, deflate, type Gzip } from 'node:zlib';
import type { Compression } from './images/compression.ts';
import { type Bytes, concat } from './util/bytes.ts';
import { streamOf } from './util/streams.ts';

const deflateAsync = promisify(deflate);

/** Compression by Node's zlib, off the main thread. */
export const nodeCompression: Compression = {
  zlib: async (bytes) => new Uint8Array(await deflateAsync(bytes, { level: 1 })),
  gzip: (stream) => streamOf(gzipChunks(stream)),
};

async function* gzipChunks(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes> {
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
  const compressed: Uint8Array[] = [];
  gzip.on('data', (data: Uint8Array) => compressed.push(data));
  try {
    for await (const chunk of stream) {
      await write(gzip, chunk);
      yield concat(compressed.splice(0));
    }
    const ended = once(gzip, 'end');
    gzip.end();
    await ended;
    yield concat(compressed.splice(0));
  } finally {
    gzip.destroy();
  }
}

function write(gzip: Gzip, chunk: Bytes): Promise<void> {
  return new Promise((resolve, reject) => {
    gzip.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
