import { decodeBase64, encodeBase64 } from '../core/base64.ts';
import type { ReferenceUse } from '../core/entry.ts';
import { AppError, isAppError } from '../core/errors.ts';
import { isBase64DataUri, type ReferenceSlot } from '../core/references.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { ImageProbe } from '../ports/image-probe.ts';
import type { ReferenceFetcher } from '../ports/reference-fetcher.ts';
import type { BlobStore } from './blob-store.ts';

export interface ResolvedReferences {
  /** What each slot is in the recipe, by field. */
  readonly names: ReadonlyMap<string, string>;
  readonly uses: readonly ReferenceUse[];
  /** What must be sent instead of what the client wrote, by field: the very bytes that were hashed. */
  readonly replacements: ReadonlyMap<string, () => Promise<string>>;
}

/** A picture that the vendor may see although we cannot: the request goes on, uncached. */
export interface UnresolvedReference {
  readonly unresolved: AppError;
}

interface Resolved {
  readonly name: string;
  readonly digest?: string;
  readonly replacement?: () => Promise<string>;
}

/** Finds out what each reference image is, by content. */
export class ReferenceResolver {
  readonly #fetcher: ReferenceFetcher;
  readonly #blobs: BlobStore;
  readonly #hasher: Hasher;
  readonly #probe: ImageProbe;

  constructor(parts: { fetcher: ReferenceFetcher; blobs: BlobStore; hasher: Hasher; probe: ImageProbe }) {
    this.#fetcher = parts.fetcher;
    this.#blobs = parts.blobs;
    this.#hasher = parts.hasher;
    this.#probe = parts.probe;
  }

  /**
   * Throws `reference_refused` naming the field for what no door takes: neither http(s), data: nor oss://, or an address
   * that may not be fetched. `ownOrigins` are the bases of our own blob URLs.
   */
  async resolve(
    slots: readonly ReferenceSlot[],
    ownOrigins: readonly string[],
  ): Promise<ResolvedReferences | UnresolvedReference> {
    const results = await Promise.allSettled(
      slots.map((slot) => named(slot, () => this.#resolveOne(slot.value, ownOrigins))),
    );
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    // A refusal counts before a failure to fetch, whichever came first: a refused address must not go to the vendor.
    const refused = failures.find((error) => !isAppError(error, 'reference_unavailable'));
    if (refused !== undefined) throw refused;
    const [unresolved] = failures;
    if (isAppError(unresolved)) return { unresolved };
    const names = new Map<string, string>();
    const uses: ReferenceUse[] = [];
    const replacements = new Map<string, () => Promise<string>>();
    for (const [index, slot] of slots.entries()) {
      const result = results[index];
      if (result?.status !== 'fulfilled') continue;
      const { name, digest, replacement } = result.value;
      const { field } = slot;
      names.set(field, name);
      if (digest !== undefined) uses.push({ position: index, field, digest });
      if (replacement !== undefined) replacements.set(field, () => named(slot, replacement));
    }
    return { names, uses, replacements };
  }

  async #resolveOne(value: string, ownOrigins: readonly string[]): Promise<Resolved> {
    if (/^oss:\/\//i.test(value)) return { name: value };
    if (isBase64DataUri(value)) {
      const bytes = decodeBase64(value.slice(value.indexOf(',') + 1));
      if (bytes === undefined) throw unavailable('the data URI is not valid base64.');
      return await this.#identify(bytes);
    }
    if (!/^https?:\/\//i.test(value)) {
      throw new AppError(
        'reference_refused',
        'a reference image is an http(s) URL, a data:…;base64 URI or an oss:// name.',
      );
    }
    const own = ownDigest(value, ownOrigins);
    if (own !== undefined && (await this.#blobs.has(own))) {
      return { name: `sha256:${own}`, digest: own, replacement: () => this.#blobAsDataUri(own) };
    }
    const bytes = await this.#fetcher.fetch(value);
    const { mediaType, ...identified } = await this.#identify(bytes);
    return { ...identified, replacement: async () => dataUri(mediaType, bytes) };
  }

  async #identify(bytes: Uint8Array): Promise<{ name: string; digest: string; mediaType: string }> {
    const info = this.#probe.probe(bytes);
    if (info === undefined) throw unavailable('it is not an image of a known format.');
    const hash = this.#hasher.sha256();
    hash.update(bytes);
    const digest = await hash.digest();
    return { name: `sha256:${digest}`, digest, mediaType: info.mediaType };
  }

  async #blobAsDataUri(digest: string): Promise<string> {
    const bytes = await this.#blobs.readAll(digest);
    const found = bytes === undefined ? undefined : await this.#identify(bytes);
    // The recipe says which bytes are drawn from: a file that was damaged holds others.
    if (bytes === undefined || found?.digest !== digest) throw unavailable('the blob is gone.');
    return dataUri(found.mediaType, bytes);
  }
}

/** Failures of `work` with the field that they are about. */
async function named<T>(slot: ReferenceSlot, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error, 'reference_refused') && !isAppError(error, 'reference_unavailable')) throw error;
    throw new AppError(error.code, `${slot.field}: ${error.message}`, { field: slot.field, cause: error });
  }
}

function ownDigest(url: string, ownOrigins: readonly string[]): string | undefined {
  const base = ownOrigins.find((origin) => url.startsWith(`${origin}/blobs/`));
  if (base === undefined) return undefined;
  return /^([0-9a-f]{64})(?:\.[a-z]+)?$/.exec(url.slice(base.length + '/blobs/'.length))?.[1];
}

function dataUri(mediaType: string, bytes: Uint8Array): string {
  return `data:${mediaType};base64,${encodeBase64(bytes)}`;
}

function unavailable(message: string): AppError {
  return new AppError('reference_unavailable', message);
}
