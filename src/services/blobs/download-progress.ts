import type { DownloadedBytes } from '../purchases/flight-stage.ts';

/** Counts the bytes of several downloads that go on at once, and tells of them together. */
export class DownloadProgress {
  readonly #parts: { bytes: number; total: number | undefined }[];
  readonly #listener: (downloaded: DownloadedBytes) => void;

  constructor(count: number, listener: (downloaded: DownloadedBytes) => void) {
    this.#parts = Array.from({ length: count }, () => ({ bytes: 0, total: undefined }));
    this.#listener = listener;
  }

  /** Passes a body's chunks on, counted as those of download `index`; a further try counts anew. */
  async *count(
    index: number,
    total: number | undefined,
    chunks: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const part = { bytes: 0, total };
    this.#parts[index] = part;
    for await (const chunk of chunks) {
      part.bytes += chunk.byteLength;
      this.#tell();
      yield chunk;
    }
  }

  #tell(): void {
    const bytes = this.#parts.reduce((sum, part) => sum + part.bytes, 0);
    const total = this.#parts.reduce<number | undefined>(
      (sum, part) => (sum === undefined || part.total === undefined ? undefined : sum + part.total),
      0,
    );
    this.#listener({ bytes, total });
  }
}
