import type { R2Bucket, R2MultipartUpload, R2UploadedPart } from '@cloudflare/workers-types';
import { AppError } from '../../core/errors.ts';
import type { BlobStage } from '../../ports/blob-driver.ts';
import { translated } from './storage-error.ts';

/** R2's smallest part. Most images are smaller and go up in one piece. */
const PART_BYTES = 5 * 1024 * 1024;
const FIRST_BUFFER_BYTES = 256 * 1024;

export interface R2BlobStageOptions {
  /** Where bytes wait that are too many for memory and whose digest is not known yet. */
  readonly stageKey: string;
  readonly keyOf: (digest: string) => string;
  readonly onEnd: () => void;
}

/**
 * One image on its way in, with at most one part of it in memory. R2 names an object when its upload begins, but the
 * name is the digest of all bytes: what does not fit into one part is uploaded under another name and copied.
 */
export class R2BlobStage implements BlobStage {
  readonly #bucket: R2Bucket;
  readonly #options: R2BlobStageOptions;
  readonly #parts: R2UploadedPart[] = [];
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #filled = 0;
  #size = 0;
  #upload: R2MultipartUpload | undefined;
  #ended = false;

  constructor(bucket: R2Bucket, options: R2BlobStageOptions) {
    this.#bucket = bucket;
    this.#options = options;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    for (let at = 0; at < chunk.length; ) {
      if (this.#filled === PART_BYTES) await this.#flush();
      const piece = chunk.subarray(at, at + PART_BYTES - this.#filled);
      this.#makeRoom(this.#filled + piece.length);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
    }
    this.#size += chunk.length;
  }

  async commit(digest: string, size: number): Promise<void> {
    this.#assertOpen();
    try {
      if (this.#size !== size) {
        throw new AppError(
          'storage_failed',
          `${size} bytes were to be stored, but ${this.#size} were written.`,
        );
      }
      await translated(() => this.#publish(digest));
    } finally {
      await this.discard();
    }
  }

  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#buffer = new Uint8Array(0);
    this.#options.onEnd();
    await translated(async () => {
      await this.#upload?.abort();
    });
  }

  async #publish(digest: string): Promise<void> {
    const key = this.#options.keyOf(digest);
    // R2 checked what is there when it came, and takes one write per second under one name.
    const options = { sha256: digest, onlyIf: { etagDoesNotMatch: '*' } };
    if (this.#upload === undefined) {
      await this.#bucket.put(key, this.#buffer.subarray(0, this.#filled), options);
      return;
    }
    await this.#flush();
    const { stageKey } = this.#options;
    await this.#upload.complete(this.#parts);
    this.#upload = undefined;
    try {
      const staged = await this.#bucket.get(stageKey);
      if (staged === null) throw new Error('what was staged is gone');
      const put = await this.#bucket.put(key, staged.body, options);
      if (put === null && !staged.bodyUsed) await staged.body.cancel();
    } finally {
      await this.#bucket.delete(stageKey);
    }
  }

  async #flush(): Promise<void> {
    const { stageKey } = this.#options;
    await translated(async () => {
      this.#upload ??= await this.#bucket.createMultipartUpload(stageKey);
      const part = this.#buffer.subarray(0, this.#filled);
      this.#parts.push(await this.#upload.uploadPart(this.#parts.length + 1, part));
    });
    this.#filled = 0;
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.min(PART_BYTES, Math.max(needed, 2 * this.#buffer.length)));
    larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }

  #assertOpen(): void {
    if (this.#ended) throw new AppError('storage_failed', 'This stage has ended.');
  }
}
