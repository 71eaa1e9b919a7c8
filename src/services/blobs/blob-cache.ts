import { LRUCache } from 'lru-cache';
import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import type { BlobContent } from '../../ports/blob-driver.ts';

/** Larger blobs are streamed and not kept. */
export const MAX_BLOB_BYTES = 4 * 1024 * 1024;

/** Reads a whole blob; undefined when it is not there. */
type ReadWhole = (digest: string) => Promise<BlobContent | undefined>;

/**
 * Reads whole blobs through a memory of the most recently used small ones, bounded in bytes. Those who ask for one blob
 * at the same time share one read.
 */
export class BlobCache {
  readonly #readWhole: ReadWhole;
  readonly #kept: LRUCache<string, Uint8Array> | undefined;
  readonly #reading = new Map<string, Promise<BlobContent | undefined>>();

  /** `bytes` 0 keeps nothing. */
  constructor(readWhole: ReadWhole, bytes: number) {
    this.#readWhole = readWhole;
    this.#kept =
      bytes === 0
        ? undefined
        : new LRUCache({
            maxSize: bytes,
            maxEntrySize: Math.min(bytes, MAX_BLOB_BYTES),
            // Sizes must be positive, and an empty blob has none.
            sizeCalculation: (blob) => Math.max(1, blob.length),
          });
  }

  /** The blob if it is in memory. */
  find(digest: string): Uint8Array | undefined {
    return this.#kept?.get(digest);
  }

  /** The blob from the driver, kept in memory when it is small. */
  async read(digest: string): Promise<BlobContent | undefined> {
    const running = this.#reading.get(digest);
    if (running !== undefined) {
      const content = await running;
      // A stream has one reader: the one who started it.
      return content === undefined || content.body instanceof Uint8Array ? content : this.#readWhole(digest);
    }
    const reading = this.#load(digest);
    this.#reading.set(digest, reading);
    try {
      const content = await reading;
      // No longer in the map: it was deleted meanwhile, and must not come back from memory.
      if (content?.body instanceof Uint8Array && this.#reading.get(digest) === reading) {
        this.#kept?.set(digest, content.body);
      }
      return content;
    } finally {
      if (this.#reading.get(digest) === reading) this.#reading.delete(digest);
    }
  }

  /** Forgets the blob, also when it is being read right now. */
  delete(digest: string): void {
    this.#kept?.delete(digest);
    this.#reading.delete(digest);
  }

  async #load(digest: string): Promise<BlobContent | undefined> {
    const content = await this.#readWhole(digest);
    if (content === undefined || content.body instanceof Uint8Array || content.size > MAX_BLOB_BYTES)
      return content;
    const chunks: Uint8Array[] = [];
    for await (const chunk of content.body) chunks.push(chunk);
    return { size: content.size, body: concatBytes(chunks) };
  }
}
