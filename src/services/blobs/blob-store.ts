import { LRUCache } from 'lru-cache';
import type { ByteRange } from '../../core/bytes/range.ts';
import { readAll } from '../../core/bytes/read-all.ts';
import type { BlobRecord } from '../../core/entries/blob.ts';
import { AppError } from '../../core/errors.ts';
import type { BlobContent, BlobDriver } from '../../ports/blob-driver.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { ImageProbe } from '../../ports/image-probe.ts';
import { untilAborted } from '../limits/until-aborted.ts';
import { BlobCache, MAX_BLOB_BYTES } from './blob-cache.ts';
import { BlobProofs } from './blob-proofs.ts';
import { type ImageLimits, type ReceivedImage, receiveImage } from './image-receiver.ts';

const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024;
/** Long enough to spare the driver on a run of hits, short enough that a file removed by hand is soon noticed. */
const PRESENCE_MS = 1000;
const MAX_PRESENCES = 100_000;

export interface BlobStoreOptions {
  /** Bytes of hot blobs kept in memory; 0 keeps none. Default 64 MiB. */
  readonly memoryBytes?: number;
  /** What is made of blobs and kept under their digests: it goes before they go. */
  readonly derived?: Pick<BlobDriver, 'delete'> | undefined;
}

/** An image that was received and judged in full, not visible yet. Exactly one of `commit` and `discard` ends it. */
export interface StagedImage extends ReceivedImage {
  /** Publishes it under its digest, durably. */
  commit(): Promise<void>;
  /** Drops it; after `commit` it does nothing. */
  discard(): Promise<void>;
}

/** Collaborators of `BlobStore`. */
export interface BlobStoreDeps {
  readonly driver: BlobDriver;
  readonly hasher: Hasher;
  readonly probe: ImageProbe;
  readonly clock: Pick<Clock, 'monotonic' | 'random'>;
}

/** Blobs as the services see them: what is the same for every driver. Errors of the driver pass unchanged. */
export class BlobStore {
  readonly #deps: BlobStoreDeps;
  readonly #memory: BlobCache;
  readonly #proofs: BlobProofs;
  readonly #derived: Pick<BlobDriver, 'delete'> | undefined;
  /** Digest → what the driver last said of it, and when. */
  readonly #seen = new LRUCache<string, { readonly at: number; readonly size: number }>({
    maxSize: MAX_PRESENCES,
    sizeCalculation: () => 1,
  });

  constructor(deps: BlobStoreDeps, options: BlobStoreOptions = {}) {
    this.#deps = deps;
    this.#proofs = new BlobProofs(deps);
    const readWhole = (digest: string) => this.#proofs.readWhole(digest);
    this.#memory = new BlobCache(readWhole, options.memoryBytes ?? DEFAULT_MEMORY_BYTES);
    this.#derived = options.derived;
  }

  /**
   * Takes in one image, hashing and bounding it as it passes.
   *
   * Throws `upstream_invalid` when it is too large, not of its declared length, of no known format, cut off, or when the
   * source fails with something that is no `AppError`; the signal's reason when that aborts. Nothing stays behind then.
   */
  async receive(
    chunks: AsyncIterable<Uint8Array>,
    limits: ImageLimits,
    signal?: AbortSignal,
  ): Promise<StagedImage> {
    const source = untilAborted(chunks, signal);
    const openStage = () => this.#deps.driver.stage();
    try {
      const { image, stage } = await receiveImage(
        source,
        openStage,
        limits,
        this.#deps.hasher,
        this.#deps.probe,
      );
      return {
        ...image,
        commit: async () => {
          await stage.commit(image.digest, image.size);
          // What was read before may have been a damaged file, which has now been replaced.
          this.forget(image.digest);
          this.#proofs.proven(image.digest);
          this.#seen.set(image.digest, { at: this.#deps.clock.monotonic(), size: image.size });
        },
        discard: () => stage.discard(),
      };
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (signal?.aborted) throw signal.reason;
      throw new AppError('upstream_invalid', 'The image could not be read to its end.', { cause: error });
    }
  }

  /** The blob, or an inclusive range of it; undefined when its bytes are not there, or are not those that it names. */
  async read(digest: string, range?: ByteRange): Promise<BlobContent | undefined> {
    const kept = this.#memory.find(digest);
    if (kept !== undefined) return fromMemory(kept, range);
    const content = await this.#readStored(digest, range);
    if (content === undefined) this.forget(digest);
    return content;
  }

  async #readStored(digest: string, range: ByteRange | undefined): Promise<BlobContent | undefined> {
    if (range === undefined) return await this.#memory.read(digest);
    // A part proves nothing: where the whole is small, it is read and proven first.
    const size = this.#proofs.isOpen(digest) ? await this.#sizeOf(digest) : undefined;
    if (size === undefined || size > MAX_BLOB_BYTES || range.end >= size)
      return this.#proofs.isDamaged(digest) ? undefined : await this.#deps.driver.read(digest, range);
    const whole = await this.#memory.read(digest);
    return whole?.body instanceof Uint8Array ? fromMemory(whole.body, range) : whole;
  }

  /** The whole blob in one piece; undefined when its bytes are not there. */
  async readAll(digest: string): Promise<Uint8Array | undefined> {
    const content = await this.read(digest);
    if (content === undefined) return undefined;
    return content.body instanceof Uint8Array ? content.body : await readAll(content.body);
  }

  /**
   * True when the bytes are there, or were within the last second. With `size`, which their row knows, a file of another
   * length does not count: it is damaged.
   */
  async has(digest: string, size?: number): Promise<boolean> {
    const found = await this.#sizeOf(digest);
    return found !== undefined && (size === undefined || found === size);
  }

  /** Reads the bytes themselves, past all memory: true when they are those that the address names. */
  async isIntact({ digest, size }: Pick<BlobRecord, 'digest' | 'size'>): Promise<boolean> {
    if (await this.#proofs.prove(digest, size)) return true;
    this.forget(digest);
    return false;
  }

  /** True when the bytes were there within the last second, in this length. Asks nobody. */
  wasThere(digest: string, size: number): boolean {
    return this.#seenSize(digest) === size;
  }

  #seenSize(digest: string): number | undefined {
    if (this.#proofs.isDamaged(digest)) return undefined;
    const seen = this.#seen.get(digest);
    const age = this.#deps.clock.monotonic() - (seen?.at ?? Number.NEGATIVE_INFINITY);
    return age < PRESENCE_MS ? seen?.size : undefined;
  }

  async #sizeOf(digest: string): Promise<number | undefined> {
    const seen = this.#seenSize(digest);
    if (seen !== undefined) return seen;
    if (this.#proofs.isDamaged(digest)) return undefined;
    const size = await this.#deps.driver.size(digest);
    if (size === undefined) this.forget(digest);
    else this.#seen.set(digest, { at: this.#deps.clock.monotonic(), size });
    return size;
  }

  /** Drops what is remembered of a blob, its bytes in memory too: the next question goes to the driver. */
  forget(digest: string): void {
    this.#seen.delete(digest);
    this.#memory.delete(digest);
  }

  /** Removes the bytes, and what was made of them; a missing blob is no error. */
  async delete(digest: string): Promise<void> {
    try {
      // First: what a crash leaves of the blob is swept later, and this with it.
      await this.#derived?.delete(digest);
      await this.#deps.driver.delete(digest);
    } finally {
      // Afterwards: a question asked during the deletion may have been answered from what was still there.
      this.forget(digest);
    }
  }

  /** Takes the bytes out of sight; `recover` may bring them back. */
  async discard(digest: string): Promise<void> {
    try {
      await this.#deps.driver.discard(digest);
    } finally {
      this.forget(digest);
    }
  }

  /** Brings discarded bytes back; false when there are none. */
  async recover(digest: string): Promise<boolean> {
    const isBack = await this.#deps.driver.recover(digest);
    if (isBack) this.forget(digest);
    return isBack;
  }

  /** Deletes what was discarded before a time, and the oldest beyond so many bytes; returns the bytes left. */
  pruneDiscarded(before: number, maxBytes: number): Promise<number> {
    return this.#deps.driver.pruneDiscarded(before, maxBytes);
  }

  /** Every blob that is there, in no particular order. */
  list(): ReturnType<BlobDriver['list']> {
    return this.#deps.driver.list();
  }

  /** Throws when blobs cannot be written and read right now. */
  check(): Promise<void> {
    return this.#deps.driver.check();
  }
}

function fromMemory(bytes: Uint8Array, range: ByteRange | undefined): BlobContent {
  return {
    size: bytes.length,
    body: range === undefined ? bytes : bytes.subarray(range.start, range.end + 1),
  };
}
