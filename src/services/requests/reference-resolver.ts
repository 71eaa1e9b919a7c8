import { decodeBase64 } from '../../core/bytes/base64.ts';
import { digestInBlobUrl } from '../../core/entries/blob-url.ts';
import { clipTypeOf } from '../../core/entries/clip-type.ts';
import type { ReferenceUse } from '../../core/entries/entry.ts';
import { AppError, type ErrorCode, isAppError } from '../../core/errors.ts';
import {
  dataUri,
  isBase64DataUri,
  isHttpUrl,
  isOssUrl,
  type ReferenceSlot,
} from '../../core/recipe/references.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { ImageProbe } from '../../ports/image-probe.ts';
import type { ReferenceFetcher } from '../../ports/reference-fetcher.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { FoundUpload, UploadCaller, UploadService } from '../uploads/upload-service.ts';

/** Makes what is sent in place of a string. With `anew`, a temporary upload is not taken to live still. */
export type Replacement = (anew?: boolean) => Promise<string>;

export interface ResolvedReferences {
  /** What each slot is in the recipe, by field. */
  readonly names: ReadonlyMap<string, string>;
  readonly uses: readonly ReferenceUse[];
  /** What must be sent instead of what the client wrote, by field: the very bytes that were hashed. */
  readonly replacements: ReadonlyMap<string, Replacement>;
  /** Some of them are temporary uploads in place of URLs: the vendor must be asked to resolve such names. */
  readonly lends: boolean;
  /** What is sent names temporary uploads of ours, which the vendor may lose. */
  readonly namesUploads: boolean;
  /** What nobody but us could make sense of: it is replaced whether the request is cached or not. */
  readonly ours: ReadonlyMap<string, Replacement>;
}

/** A picture that the vendor may see although we cannot: the request goes on, uncached. */
export interface UnresolvedReference {
  readonly unresolved: AppError;
  readonly ours: ReadonlyMap<string, Replacement>;
}

/** What counts beside the pictures. */
export interface ReferenceContext {
  /** Bases of our own blob URLs. */
  readonly ownOrigins: readonly string[];
  readonly model: string;
  readonly caller: UploadCaller;
  /** Told of every picture that is read for the request: a short list of URLs is as good as a large body at filling memory. */
  readonly hold: Hold;
  readonly mayFetch: MayFetch;
}

interface Resolved {
  /** Absent when it is not known what the picture shows. */
  readonly name?: string;
  readonly digest?: string;
  readonly replacement?: Replacement;
  /** What replaces it in a request that goes on uncached. */
  readonly uncached?: Replacement;
  readonly isUpload?: boolean;
  readonly isLent?: boolean;
}

/** A file that we hold, and that the vendor is to see. */
interface HeldFile {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Adds bytes to what the request holds; throws when that is too much. */
export type Hold = (bytes: number) => void;

/** Asked before anything is fetched for a request; throws when its caller may not have that done. */
export type MayFetch = () => Promise<void>;

/** Pictures that one request may have us fetch, look up or decode. The vendor's models take nine at most. */
const MAX_IMAGES = 32;

const ABOUT_A_FIELD: ReadonlySet<ErrorCode> = new Set([
  'reference_refused',
  'reference_unavailable',
  'upload_unknown',
]);

/** Collaborators of `ReferenceResolver`. */
export interface ReferenceResolverDeps {
  readonly fetcher: ReferenceFetcher;
  readonly blobs: BlobStore;
  readonly uploads: Pick<UploadService, 'find' | 'lend'>;
  readonly hasher: Hasher;
  readonly probe: ImageProbe;
}

/** Finds out what each reference image is, by content. */
export class ReferenceResolver {
  readonly #deps: ReferenceResolverDeps;

  constructor(deps: ReferenceResolverDeps) {
    this.#deps = deps;
  }

  /**
   * Throws `reference_refused` naming the field for what no door takes: neither http(s), data: nor oss://, or an address
   * that may not be fetched; `upload_unknown` for an upload that the caller cannot use.
   */
  async resolve(
    slots: readonly ReferenceSlot[],
    context: ReferenceContext,
  ): Promise<ResolvedReferences | UnresolvedReference> {
    if (slots.length > MAX_IMAGES)
      throw new AppError('reference_refused', `A request may hold ${MAX_IMAGES} pictures.`);
    const results = await Promise.allSettled(
      slots.map((slot) => named(slot, () => this.#resolveOne(slot, context))),
    );
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    // A refusal counts before a failure to fetch, whichever came first: a refused address must not go to the vendor.
    const refused = failures.find((error) => !isAppError(error, 'reference_unavailable'));
    if (refused !== undefined) throw refused;
    const names = new Map<string, string>();
    const uses: ReferenceUse[] = [];
    const replacements = new Map<string, Replacement>();
    const ours = new Map<string, Replacement>();
    let lends = false;
    let namesUploads = false;
    let [unresolved]: unknown[] = failures;
    for (const [index, slot] of slots.entries()) {
      const result = results[index];
      if (result?.status !== 'fulfilled') continue;
      const { name, digest, replacement, uncached, isLent, isUpload } = result.value;
      const { field } = slot;
      if (name === undefined) unresolved ??= unavailable(`${field}: it is not an image of a known format.`);
      else names.set(field, name);
      if (digest !== undefined) uses.push({ position: index, field, digest });
      if (replacement !== undefined) replacements.set(field, (anew) => named(slot, () => replacement(anew)));
      if (uncached !== undefined) ours.set(field, (anew) => named(slot, () => uncached(anew)));
      lends ||= isLent === true;
      namesUploads ||= isLent === true || isUpload === true;
    }
    return isAppError(unresolved)
      ? { unresolved, ours }
      : { names, uses, replacements, lends, namesUploads, ours };
  }

  async #resolveOne({ value, takesDataUri }: ReferenceSlot, context: ReferenceContext): Promise<Resolved> {
    const { ownOrigins, model, caller, hold, mayFetch } = context;
    if (isOssUrl(value)) {
      const upload = await this.#deps.uploads.find(value, model, caller);
      return upload === undefined ? { name: value } : resolvedUpload(upload);
    }
    if (isBase64DataUri(value)) {
      const bytes = decodeBase64(value.slice(value.indexOf(',') + 1));
      if (bytes === undefined) throw unavailable('the data URI is not valid base64.');
      return await this.#identify(bytes);
    }
    if (!isHttpUrl(value)) {
      throw new AppError(
        'reference_refused',
        'a reference image is an http(s) URL, a data:…;base64 URI or an oss:// name.',
      );
    }
    const url = value.trim();
    const own = digestInBlobUrl(url, ownOrigins);
    if (own !== undefined) {
      if (!(await this.#deps.blobs.has(own))) {
        // Fetching it from ourselves would only say that our address is private.
        throw unavailable('no such picture is stored here.');
      }
      const read = () => this.#readBlob(own, hold);
      return {
        name: `sha256:${own}`,
        digest: own,
        replacement: async (anew) => await this.#show(await read(), takesDataUri, context, anew),
        uncached: async () => asDataUri(await read()),
        isLent: !takesDataUri,
      };
    }
    await mayFetch();
    const bytes = await this.#deps.fetcher.fetch(url);
    hold(bytes.byteLength);
    const { name, digest, mediaType } = await this.#identify(bytes);
    const replacement: Replacement = (anew) =>
      this.#show({ digest, mediaType, bytes }, takesDataUri, context, anew);
    return { name, digest, replacement, isLent: !takesDataUri };
  }

  /** How the vendor gets to see the very bytes that were hashed: a field that may take URLs only gets a temporary upload. */
  async #show(
    file: HeldFile,
    takesDataUri: boolean,
    { model, caller }: ReferenceContext,
    anew: boolean | undefined,
  ): Promise<string> {
    return takesDataUri ? asDataUri(file) : await this.#deps.uploads.lend(file, model, caller, anew);
  }

  async #identify(bytes: Uint8Array): Promise<{ name: string; digest: string; mediaType: string }> {
    const mediaType = this.#deps.probe.probe(bytes)?.mediaType ?? clipTypeOf(bytes);
    if (mediaType === undefined)
      throw unavailable('it is not an image, a clip or a sound of a known format.');
    const hash = this.#deps.hasher.sha256();
    hash.update(bytes);
    const digest = await hash.digest();
    return { name: `sha256:${digest}`, digest, mediaType };
  }

  async #readBlob(digest: string, hold: Hold): Promise<HeldFile> {
    const bytes = await this.#deps.blobs.readAll(digest);
    hold(bytes?.byteLength ?? 0);
    const found = bytes === undefined ? undefined : await this.#identify(bytes);
    // The recipe says which bytes are drawn from: a file that was damaged holds others.
    if (bytes === undefined || found?.digest !== digest) throw unavailable('the blob is gone.');
    return { digest, mediaType: found.mediaType, bytes };
  }
}

function resolvedUpload({ digest, isImage, upstreamName }: FoundUpload): Resolved {
  const known = isImage ? { name: `sha256:${digest}`, digest } : {};
  return { ...known, replacement: upstreamName, uncached: upstreamName, isUpload: true };
}

/** Failures of `work` with the field that they are about. */
async function named<T>(slot: ReferenceSlot, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error) || !ABOUT_A_FIELD.has(error.code)) throw error;
    throw new AppError(error.code, `${slot.field}: ${error.message}`, { field: slot.field, cause: error });
  }
}

function asDataUri({ mediaType, bytes }: HeldFile): string {
  return dataUri(mediaType, bytes);
}

function unavailable(message: string): AppError {
  return new AppError('reference_unavailable', message);
}
