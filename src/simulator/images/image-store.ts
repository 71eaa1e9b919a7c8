import type { Bytes } from '../util/bytes.ts';
import type { Compression } from './compression.ts';
import type { DrawnImage } from './drawn-image.ts';
import { renderPng } from './png.ts';

const MAX_IMAGES = 100_000;

/** The result bucket: remembers images by object key and paints their bytes when asked, keeping the latest in memory. */
export class ImageStore {
  readonly #compression: Compression;
  readonly #maxBytes: number;
  readonly #images = new Map<string, DrawnImage>();
  /** Rendered files, least recently used first. */
  readonly #files = new Map<string, Bytes>();
  readonly #rendering = new Map<string, Promise<Bytes>>();
  #heldBytes = 0;

  /** At most `maxBytes` of rendered files stay in memory; the rest is painted again when asked for. */
  constructor(compression: Compression, maxBytes: number) {
    this.#compression = compression;
    this.#maxBytes = maxBytes;
  }

  /** Beyond a hundred thousand images the oldest are forgotten. */
  add(image: DrawnImage): void {
    this.#images.set(image.objectKey, image);
    if (this.#images.size > MAX_IMAGES) {
      for (const oldest of this.#images.keys()) {
        this.#images.delete(oldest);
        break;
      }
    }
  }

  /** The image under this key, unless it was never drawn or is forgotten. */
  find(objectKey: string): DrawnImage | undefined {
    return this.#images.get(objectKey);
  }

  /** The image's PNG file; simultaneous calls for one image paint it once. */
  async file(image: DrawnImage): Promise<Bytes> {
    const held = this.#files.get(image.objectKey);
    if (held) {
      this.#files.delete(image.objectKey);
      this.#files.set(image.objectKey, held);
      return held;
    }
    const running = this.#rendering.get(image.objectKey);
    if (running) return running;
    const rendering = renderPng(image.essence, image, this.#compression);
    this.#rendering.set(image.objectKey, rendering);
    try {
      const file = await rendering;
      this.#hold(image.objectKey, file);
      return file;
    } finally {
      this.#rendering.delete(image.objectKey);
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
