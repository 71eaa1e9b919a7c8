import type { Entry, EntryImage } from '../../core/entries/entry.ts';
import { type PortableEntry, readCarriedAnswer } from '../../core/entries/portable-entry.ts';
import { AppError, invalid, isAppError } from '../../core/errors.ts';
import { cacheKey } from '../../core/recipe/cache-key.ts';
import { readRecipe } from '../../core/recipe/recipe.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { StoreLock } from '../../ports/store-lock.ts';
import type { BlobStore, StagedImage } from '../blobs/blob-store.ts';
import type { ReceivedImage } from '../blobs/image-receiver.ts';
import type { EntryEvictor } from '../entries/entry-evictor.ts';
import type { EntryStore } from '../entries/entry-store.ts';

/** What became of a carried entry. */
export interface Imported {
  readonly entry: Pick<Entry, 'key' | 'site' | 'scope' | 'take'>;
  /** False when the store has it already: the same recipe with the same pictures. */
  readonly isNew: boolean;
}

/** The rows of D1 hold 2 MB; some room for what is no text. */
const MAX_ROW_BYTES = 1_900_000;

/** Collaborators of `Importer`. */
export interface ImporterDeps {
  readonly entries: EntryStore;
  readonly blobs: BlobStore;
  readonly evictor: EntryEvictor;
  readonly lock: StoreLock;
  readonly hasher: Hasher;
  readonly clock: Pick<Clock, 'now'>;
}

/** Takes in what another store has: first the pictures, then the entry that shows them. Nobody is paid. */
export class Importer {
  readonly #deps: ImporterDeps;
  readonly #maxImage: number;

  constructor(
    deps: ImporterDeps,
    options: {
      /** Bytes of one picture. */
      readonly maxImage: number;
    },
  ) {
    this.#deps = deps;
    this.#maxImage = options.maxImage;
  }

  /**
   * Stores a picture under its digest. Until an entry shows it, it is an orphan that collection removes an hour later.
   * `invalid_request` when the bytes are another picture or none, `body_too_large` beyond the bound.
   */
  async receive(digest: string, chunks: AsyncIterable<Uint8Array>): Promise<ReceivedImage> {
    const staged = await this.#stage(chunks);
    try {
      if (staged.digest !== digest) {
        throw new AppError('invalid_request', `The bytes are those of ${staged.digest}, not of ${digest}.`);
      }
      await this.#deps.evictor.withRoom(staged.size, () =>
        this.#deps.lock.shared([digest], () => staged.commit()),
      );
      return staged;
    } finally {
      await staged.discard();
    }
  }

  /**
   * Stores a carried entry whose pictures were received. It answers from now on; one that was there of the recipe stays
   * as another take. `invalid_request`, which names the field, for what is no entry or whose pictures are not here;
   * `body_too_large` for texts that not every store can hold.
   */
  async take(portable: PortableEntry): Promise<Imported> {
    const { site, scope, key, canonical } = portable;
    const recipe = readRecipe(canonical);
    if (recipe === undefined) throw invalid('canonical', 'is no canonical text');
    if (cacheKey((bytes) => this.#deps.hasher.xxh128(bytes), canonical) !== key)
      throw invalid('key', 'is not that of the canonical text');
    const answer = readCarriedAnswer(portable.answer, portable.images.length);
    if (answer === undefined) throw invalid('answer', 'is no answer that shows these pictures');
    const texts = [canonical, recipe.prompt, portable.answer, JSON.stringify(portable.references)];
    if (new TextEncoder().encode(texts.join('')).length > MAX_ROW_BYTES)
      throw new AppError('body_too_large', `The texts of an entry may have ${MAX_ROW_BYTES} bytes.`);
    const digests = portable.images.map(({ digest }) => digest);
    const { entry, isNew } = await this.#deps.lock.shared(digests, async () => {
      const images: EntryImage[] = [];
      for (const [index, { digest }] of portable.images.entries())
        images.push(await this.#inspect(digest, `images[${index}].sha256`));
      const known = await this.#find(portable, images);
      if (known !== undefined) return { entry: known, isNew: false };
      const stored = await this.#deps.entries.insert({
        ...recipe,
        site,
        scope,
        key,
        take: portable.take,
        answer: JSON.stringify(answer.template),
        usage: answer.usage,
        upstreamRequestId: portable.upstreamRequestId,
        cost: portable.cost,
        elapsedMs: portable.elapsedMs,
        createdAt: Math.min(portable.createdAt, this.#deps.clock.now()),
        images,
        pinned: portable.pinned,
        tags: portable.tags,
        references: portable.references.map((reference, position) => ({ ...reference, position })),
      });
      return { entry: stored, isNew: true };
    });
    const { take } = entry;
    return { entry: { site, scope, key, take }, isNew };
  }

  /** Reads the bytes themselves, whatever rows and memory say: an entry is a promise that they are there. */
  async #inspect(digest: string, field: string): Promise<EntryImage> {
    this.#deps.blobs.forget(digest);
    const content = await this.#deps.blobs.read(digest);
    if (content === undefined) throw invalid(field, 'is not stored here: put its bytes first');
    const staged = await this.#stage(chunksOf(content.body), field);
    await staged.discard();
    if (staged.digest !== digest) throw invalid(field, 'is damaged here: put its bytes again');
    const { size, mediaType, width, height } = staged;
    return { digest, size, mediaType, width, height, sourceUrl: undefined };
  }

  /** The entry of the same recipe that shows the same pictures. */
  async #find(
    { site, scope, canonical }: PortableEntry,
    images: readonly EntryImage[],
  ): Promise<Entry | undefined> {
    const [first] = images;
    if (first === undefined) throw invalid('images', 'must name a picture');
    const ids = await this.#deps.entries.entriesOfBlob(first.digest);
    const shown = images.map(({ digest }) => digest).join();
    return (await this.#deps.entries.findAll(ids)).find(
      (entry) =>
        entry.site === site &&
        entry.scope === scope &&
        entry.canonical === canonical &&
        entry.invalidatedAt === undefined &&
        entry.images.map(({ digest }) => digest).join() === shown,
    );
  }

  /** `field` is told where the picture is not what the request brings. */
  async #stage(chunks: AsyncIterable<Uint8Array>, field?: string): Promise<StagedImage> {
    try {
      return await this.#deps.blobs.receive(chunks, { maxBytes: this.#maxImage });
    } catch (error) {
      if (isAppError(error, 'image_too_large')) {
        const problem = `A picture may have ${this.#maxImage} bytes (DASHCACHE_MAX_IMAGE).`;
        throw new AppError('body_too_large', problem, { cause: error });
      }
      if (!isAppError(error, 'upstream_invalid')) throw error;
      throw new AppError('invalid_request', error.message, { cause: error, field });
    }
  }
}

async function* chunksOf(body: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}
