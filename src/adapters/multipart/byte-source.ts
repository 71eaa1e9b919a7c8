import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import type { ByteMark } from './byte-mark.ts';

/** Reads a body chunk by chunk, up to marks in it. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** Read and not given out yet. */
  #buffer: Uint8Array;
  #ended = false;

  constructor(start: Uint8Array, body: AsyncIterable<Uint8Array>) {
    this.#buffer = start;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** Yields the bytes before the mark and drops the mark. Throws the error of `cutOff` if the body ends without it. */
  async *until(mark: ByteMark, cutOff: () => Error): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const at = mark.findIn(this.#buffer);
      if (at >= 0) {
        const piece = this.#buffer.subarray(0, at);
        this.#buffer = this.#buffer.subarray(at + mark.length);
        if (piece.length > 0) yield piece;
        return;
      }
      // The mark may have begun in the last bytes.
      const safe = Math.max(0, this.#buffer.length - mark.length + 1);
      const piece = this.#buffer.subarray(0, safe);
      this.#buffer = this.#buffer.subarray(safe);
      if (piece.length > 0) yield piece;
      if (!(await this.#fill())) throw cutOff();
    }
  }

  /** The next `count` bytes; fewer at the end. */
  async take(count: number): Promise<Uint8Array> {
    while (this.#buffer.length < count && (await this.#fill())) {
      // Another chunk.
    }
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  /** Reads the rest and drops it. A failure of the body is ignored: it was reported before, or concerns nobody. */
  async drain(): Promise<void> {
    this.#buffer = new Uint8Array(0);
    try {
      while (!this.#ended) this.#ended = (await this.#chunks.next()).done === true;
    } catch {
      this.#ended = true;
    }
  }

  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    // If it fails, it has ended.
    this.#ended = true;
    const step = await this.#chunks.next();
    if (step.done) return false;
    this.#ended = false;
    // A copy: the sender may use the chunk again.
    this.#buffer = concatBytes([this.#buffer, step.value]);
    return true;
  }
}
