import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import type { ByteRange } from '../../core/bytes/range.ts';
import { AppError } from '../../core/errors.ts';
import type { BlobContent, BlobDriver, BlobStage } from '../../ports/blob-driver.ts';
import type { Clock } from '../../ports/clock.ts';

/** As in the file driver, so that tests on this one meet streams, too. */
const WHOLE_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

interface StoredBlob {
  readonly bytes: Uint8Array;
  readonly modifiedAt: number;
}

/** Blobs in memory, for tests. Nothing survives the process. */
export class MemoryBlobDriver implements BlobDriver {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #blobs = new Map<string, StoredBlob>();
  readonly #stages = new Set<MemoryBlobStage>();
  readonly #discarded = new Map<string, StoredBlob & { readonly discardedAt: number }>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Bytes of all committed blobs. */
  get byteCount(): number {
    return [...this.#blobs.values()].reduce((sum, blob) => sum + blob.bytes.length, 0);
  }

  /** Stages that were neither committed nor discarded. */
  get openStages(): number {
    return this.#stages.size;
  }

  async stage(): Promise<BlobStage> {
    const stage = new MemoryBlobStage(
      (digest, bytes) => this.#blobs.set(digest, { bytes, modifiedAt: this.#clock.now() }),
      () => this.#stages.delete(stage),
    );
    this.#stages.add(stage);
    return stage;
  }

  async read(digest: string, range?: ByteRange): Promise<BlobContent | undefined> {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) return undefined;
    const size = blob.bytes.length;
    if (range !== undefined && range.end >= size) {
      throw new AppError('storage_failed', 'A range beyond the end of a blob was asked for.');
    }
    const bytes = range === undefined ? blob.bytes : blob.bytes.subarray(range.start, range.end + 1);
    return { size, body: bytes.length <= WHOLE_BYTES ? bytes : inChunks(bytes) };
  }

  async size(digest: string): Promise<number | undefined> {
    return this.#blobs.get(digest)?.bytes.length;
  }

  async delete(digest: string): Promise<void> {
    this.#blobs.delete(digest);
  }

  async discard(digest: string): Promise<void> {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) return;
    this.#blobs.delete(digest);
    this.#discarded.set(digest, { ...blob, discardedAt: this.#clock.now() });
  }

  async recover(digest: string): Promise<boolean> {
    const blob = this.#discarded.get(digest);
    if (blob === undefined) return false;
    this.#discarded.delete(digest);
    this.#blobs.set(digest, blob);
    return true;
  }

  async pruneDiscarded(before: number, maxBytes: number): Promise<number> {
    let kept = 0;
    // The newest first: a map keeps its order.
    for (const [digest, { bytes, discardedAt }] of [...this.#discarded].reverse()) {
      if (discardedAt >= before && kept + bytes.length <= maxBytes) kept += bytes.length;
      else this.#discarded.delete(digest);
    }
    return kept;
  }

  async *list(): ReturnType<BlobDriver['list']> {
    for (const [digest, { bytes, modifiedAt }] of this.#blobs)
      yield { digest, size: bytes.length, modifiedAt };
  }

  async sweepStages(): Promise<number> {
    const left = this.#stages.size;
    this.#stages.clear();
    return left;
  }

  async check(): Promise<void> {}
}

class MemoryBlobStage implements BlobStage {
  readonly #publish: (digest: string, bytes: Uint8Array) => void;
  readonly #end: () => void;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;

  constructor(publish: (digest: string, bytes: Uint8Array) => void, end: () => void) {
    this.#publish = publish;
    this.#end = end;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    this.#chunks.push(new Uint8Array(chunk));
  }

  async commit(digest: string, size: number): Promise<void> {
    this.#assertOpen();
    const bytes = concatBytes(this.#chunks);
    await this.discard();
    if (bytes.length !== size) {
      throw new AppError(
        'storage_failed',
        `${size} bytes were to be stored, but ${bytes.length} were written.`,
      );
    }
    this.#publish(digest, bytes);
  }

  async discard(): Promise<void> {
    this.#ended = true;
    this.#chunks.length = 0;
    this.#end();
  }

  #assertOpen(): void {
    if (this.#ended) throw new AppError('storage_failed', 'This stage has ended.');
  }
}

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    yield bytes.subarray(start, start + CHUNK_BYTES);
  }
}
