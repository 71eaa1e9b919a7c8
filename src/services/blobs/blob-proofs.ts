import { LRUCache } from 'lru-cache';
import { AppError } from '../../core/errors.ts';
import type { BlobContent, BlobDriver } from '../../ports/blob-driver.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';

/** Of reads of bytes that were proven before, so many are proven again: disks rot under a running process too. */
const SAMPLED = 1 / 64;

const MAX_REMEMBERED = 100_000;

/** Collaborators of `BlobProofs`. */
export interface BlobProofsDeps {
  readonly driver: BlobDriver;
  readonly hasher: Pick<Hasher, 'sha256'>;
  readonly clock: Pick<Clock, 'random'>;
}

/**
 * Proves that stored bytes are those that their digest names: when they are read for the first time in this process, and
 * now and then afterwards. Damaged bytes are as good as none, until they are written anew or proven after all.
 */
export class BlobProofs {
  readonly #deps: BlobProofsDeps;
  readonly #proven = new LRUCache<string, true>({ maxSize: MAX_REMEMBERED, sizeCalculation: () => 1 });
  readonly #damaged = new LRUCache<string, true>({ maxSize: MAX_REMEMBERED, sizeCalculation: () => 1 });

  constructor(deps: BlobProofsDeps) {
    this.#deps = deps;
  }

  /** True when nobody has proven these bytes yet. */
  isOpen(digest: string): boolean {
    return this.#deps.driver.provesItself !== true && !this.#proven.has(digest);
  }

  /** True when the bytes are known to be others than the digest names. */
  isDamaged(digest: string): boolean {
    return this.#damaged.has(digest);
  }

  /** The bytes were seen to be right, as on their way in. */
  proven(digest: string): void {
    this.#damaged.delete(digest);
    this.#proven.set(digest, true);
  }

  /** Reads all bytes: true when they are there, of this size, and those that the digest names. */
  async prove(digest: string, size: number): Promise<boolean> {
    const content = await this.#deps.driver.read(digest);
    if (content === undefined) return false;
    const hash = this.#deps.hasher.sha256();
    if (content.body instanceof Uint8Array) hash.update(content.body);
    else for await (const chunk of content.body) hash.update(chunk);
    return this.#judge(digest, (await hash.digest()) === digest && content.size === size);
  }

  /**
   * The whole blob; undefined when it is not there or damaged. A stream is proven on its way: when it is damaged, it
   * breaks off with `storage_failed` before its last bytes.
   */
  async readWhole(digest: string): Promise<BlobContent | undefined> {
    if (this.isDamaged(digest)) return undefined;
    const content = await this.#deps.driver.read(digest);
    if (content === undefined || !this.#isDue(digest)) return content;
    if (!(content.body instanceof Uint8Array)) {
      return { size: content.size, body: this.#proveStream(digest, content.body) };
    }
    const hash = this.#deps.hasher.sha256();
    hash.update(content.body);
    return this.#judge(digest, (await hash.digest()) === digest) ? content : undefined;
  }

  #isDue(digest: string): boolean {
    if (this.#deps.driver.provesItself === true) return false;
    return !this.#proven.has(digest) || this.#deps.clock.random() < SAMPLED;
  }

  async *#proveStream(digest: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const hash = this.#deps.hasher.sha256();
    let held: Uint8Array | undefined;
    for await (const chunk of chunks) {
      hash.update(chunk);
      if (held !== undefined) yield held;
      held = chunk;
    }
    if (!this.#judge(digest, (await hash.digest()) === digest))
      throw new AppError('storage_failed', 'A stored image is damaged.');
    if (held !== undefined) yield held;
  }

  #judge(digest: string, isRight: boolean): boolean {
    if (isRight) this.proven(digest);
    else {
      this.#proven.delete(digest);
      this.#damaged.set(digest, true);
    }
    return isRight;
  }
}
