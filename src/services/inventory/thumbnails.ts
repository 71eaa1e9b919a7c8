import type { BlobContent, BlobDriver } from '../../ports/blob-driver.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { StoreLock } from '../../ports/store-lock.ts';
import type { Thumbnailer } from '../../ports/thumbnailer.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { EntryStore } from '../entries/entry-store.ts';

/** What thumbnails are made with, where a runtime can make them. */
export interface ThumbnailMaking {
  readonly thumbnailer: Thumbnailer;
  /** Keeps thumbnails under the digests of the pictures that they were made of. */
  readonly driver: BlobDriver;
}

/** Collaborators of `Thumbnails`. */
export interface ThumbnailsDeps {
  readonly entries: Pick<EntryStore, 'findBlob'>;
  readonly blobs: Pick<BlobStore, 'readAll'>;
  readonly making: ThumbnailMaking | undefined;
  readonly lock: StoreLock;
  readonly reporter: Reporter;
}

/** Small pictures for looking through many, each made once, when it is first asked for. They replace nothing. */
export class Thumbnails {
  readonly #deps: ThumbnailsDeps;
  readonly #underWay = new Map<string, Promise<BlobContent | undefined>>();
  /** The end of the line: they are made one after the other, so that hits keep their processor. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosing = false;

  constructor(deps: ThumbnailsDeps) {
    this.#deps = deps;
  }

  /** The thumbnail of a picture, in WebP; undefined when there is no such picture, or none can be made of it. */
  async read(digest: string): Promise<BlobContent | undefined> {
    if (this.#deps.making === undefined) return undefined;
    return (await this.#deps.making.driver.read(digest)) ?? (await this.#makeOnce(digest, this.#deps.making));
  }

  /** Makes no more; resolves when the one that is being made is kept. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#last;
  }

  #makeOnce(digest: string, making: ThumbnailMaking): Promise<BlobContent | undefined> {
    const known = this.#underWay.get(digest);
    if (known !== undefined) return known;
    const made = this.#last
      .then(() => this.#make(digest, making))
      .finally(() => this.#underWay.delete(digest));
    this.#last = made.catch(() => undefined);
    this.#underWay.set(digest, made);
    return made;
  }

  async #make(digest: string, making: ThumbnailMaking): Promise<BlobContent | undefined> {
    if (this.#isClosing || (await this.#deps.entries.findBlob(digest)) === undefined) return undefined;
    const image = await this.#deps.blobs.readAll(digest);
    const small = image === undefined ? undefined : await making.thumbnailer.make(image);
    if (small === undefined) return undefined;
    try {
      await this.#deps.lock.shared([digest], () => this.#keep(digest, small, making.driver));
    } catch (cause) {
      // It can be looked at all the same, and is made again the next time.
      this.#deps.reporter.report({ type: 'failure', where: 'thumbnails', cause });
    }
    return { size: small.byteLength, body: small };
  }

  /** A picture that was deleted meanwhile has taken its thumbnail with it, and must not leave this one behind. */
  async #keep(digest: string, small: Uint8Array, driver: BlobDriver): Promise<void> {
    if ((await this.#deps.entries.findBlob(digest)) === undefined) return;
    const stage = await driver.stage();
    try {
      await stage.write(small);
      await stage.commit(digest, small.byteLength);
    } finally {
      await stage.discard();
    }
  }
}
