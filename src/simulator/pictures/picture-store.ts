import type { Bytes } from '../util/bytes.ts';
import type { Compression } from './compression.ts';
import type { Picture } from './picture.ts';
import { renderPng } from './png.ts';

const MAX_PICTURES = 100_000;

/** The result bucket: remembers pictures by object key and paints their bytes when asked, keeping the latest in memory. */
export class PictureStore {
  readonly #compression: Compression;
  readonly #maxBytes: number;
  readonly #pictures = new Map<string, Picture>();
  /** Rendered files, least recently used first. */
  readonly #files = new Map<string, Bytes>();
  readonly #rendering = new Map<string, Promise<Bytes>>();
  #heldBytes = 0;

  /** At most `maxBytes` of rendered files stay in memory; the rest is painted again when asked for. */
  constructor(compression: Compression, maxBytes: number) {
    this.#compression = compression;
    this.#maxBytes = maxBytes;
  }

  /** Beyond a hundred thousand pictures the oldest are forgotten. */
  add(picture: Picture): void {
    this.#pictures.set(picture.objectKey, picture);
    if (this.#pictures.size > MAX_PICTURES) {
      for (const oldest of this.#pictures.keys()) {
        this.#pictures.delete(oldest);
        break;
      }
    }
  }

  /** The picture under this key, unless it was never drawn or is forgotten. */
  find(objectKey: string): Picture | undefined {
    return this.#pictures.get(objectKey);
  }

  /** The picture's PNG file; simultaneous calls for one picture paint it once. */
  async file(picture: Picture): Promise<Bytes> {
    const held = this.#files.get(picture.objectKey);
    if (held) {
      this.#files.delete(picture.objectKey);
      this.#files.set(picture.objectKey, held);
      return held;
    }
    const running = this.#rendering.get(picture.objectKey);
    if (running) return running;
    const rendering = renderPng(picture.essence, picture, this.#compression);
    this.#rendering.set(picture.objectKey, rendering);
    try {
      const file = await rendering;
      this.#hold(picture.objectKey, file);
      return file;
    } finally {
      this.#rendering.delete(picture.objectKey);
    }
  }

  #hold(objectKey: string, file: Bytes): void {
    this.#files.set(objectKey, file);
    this.#heldBytes += file.byteLength;
    for (const [key, { byteLength }] of this.#files) {
      if (this.#heldBytes <= this.#maxBytes) break;
      this.#files.delete(key);
      this.#heldBytes -= byteLength;
    }
  }
}
