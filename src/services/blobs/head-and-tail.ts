import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import { TAIL_BYTES } from '../../core/entries/image-integrity.ts';

/** Headers with large colour profiles or metadata before the dimensions fit in here. */
const HEAD_BYTES = 512 * 1024;

/** Keeps the first 512 KiB and the last 4 KiB of bytes passing by: what it takes to judge an image. */
export class HeadAndTail {
  readonly #head: Uint8Array[] = [];
  #headBytes = 0;
  /** A ring: the byte at stream position p is at p modulo its length. */
  readonly #ring = new Uint8Array(TAIL_BYTES);
  #size = 0;

  /** Bytes seen so far. */
  get size(): number {
    return this.#size;
  }

  /** Copies what it keeps. */
  add(chunk: Uint8Array): void {
    const missing = HEAD_BYTES - this.#headBytes;
    if (missing > 0 && chunk.length > 0) {
      const part = new Uint8Array(chunk.subarray(0, missing));
      this.#head.push(part);
      this.#headBytes += part.length;
    }
    const last = chunk.subarray(-TAIL_BYTES);
    const position = (this.#size + chunk.length - last.length) % TAIL_BYTES;
    const untilWrap = last.subarray(0, TAIL_BYTES - position);
    this.#ring.set(untilWrap, position);
    this.#ring.set(last.subarray(untilWrap.length), 0);
    this.#size += chunk.length;
  }

  head(): Uint8Array {
    return concatBytes(this.#head);
  }

  tail(): Uint8Array {
    if (this.#size <= TAIL_BYTES) return this.#ring.slice(0, this.#size);
    const oldest = this.#size % TAIL_BYTES;
    return concatBytes([this.#ring.subarray(oldest), this.#ring.subarray(0, oldest)]);
  }
}
