/** Finds a mark in bytes by Horspool's method, which looks at few of them. */
export class ByteMark {
  readonly #bytes: Uint8Array;
  /** How far the mark may move on, for each value of the byte under its end. */
  readonly #steps: Uint8Array;

  /** 1 to 255 bytes. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const last = bytes.length - 1;
    this.#steps = new Uint8Array(256).fill(bytes.length);
    for (let at = 0; at < last; at += 1) this.#steps[bytes[at] ?? 0] = last - at;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Where the mark begins first; -1 when it is not there. */
  findIn(bytes: Uint8Array): number {
    const last = this.#bytes.length - 1;
    for (let end = last; end < bytes.length; end += this.#steps[bytes[end] ?? 0] ?? 1) {
      if (bytes[end] === this.#bytes[last] && this.#isAt(bytes, end - last)) return end - last;
    }
    return -1;
  }

  /** Compares from the front, where a boundary is unlike most contents. */
  #isAt(bytes: Uint8Array, start: number): boolean {
    for (let at = 0; at < this.#bytes.length; at += 1) {
      if (bytes[start + at] !== this.#bytes[at]) return false;
    }
    return true;
  }
}
