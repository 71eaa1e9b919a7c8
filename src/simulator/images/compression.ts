import type { Bytes } from '../util/bytes.ts';

/** What the simulator needs of a compressor; each runtime has its own. */
export interface Compression {
  /** RFC 1950, as PNG wants it. Speed before size. */
  zlib(bytes: Bytes): Promise<Bytes>;
  /** Makes a stream gzip (RFC 1952), flushed after every chunk so that events arrive as they are sent. */
  gzip(stream: ReadableStream<Bytes>): ReadableStream<Bytes>;
}
