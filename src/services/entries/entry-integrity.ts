import type { BlobRecord } from '../../core/entries/blob.ts';
import type { Entry } from '../../core/entries/entry.ts';
import { isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FlightCoordinator } from '../../ports/flight-coordinator.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { StoreLock } from '../../ports/store-lock.ts';
import type { BlobStore, StagedImage } from '../blobs/blob-store.ts';
import type { Downloader } from '../blobs/downloader.ts';
import { isStorageFailure } from '../blobs/storage-failure.ts';
import { entryStatements } from './entry-statements.ts';
import type { EntryStore } from './entry-store.ts';

/**
 * What became of a missing or damaged image:
 *
 * - `whole`: its bytes are there again.
 * - `lost`: gone for good. Every source is past its life, refuses it or shows another image, and our own store works.
 * - `unreachable`: nobody can say now. The store, the network or a source is away; nothing was deleted.
 */
export type Healing = 'whole' | 'lost' | 'unreachable';

/** A lost image is fetched again within this time, while a client waits. */
const HEAL_BUDGET_MS = 10_000;

/** With these a source says itself that it will not show the image any more. */
const GONE: ReadonlySet<number | undefined> = new Set([403, 404, 410]);

/** Collaborators of `EntryIntegrity`. */
export interface EntryIntegrityDeps {
  readonly entries: EntryStore;
  readonly blobs: BlobStore;
  readonly downloader: Downloader;
  readonly lock: StoreLock;
  readonly healing: FlightCoordinator<Healing>;
  readonly clock: Pick<Clock, 'now'>;
  readonly reporter: Reporter;
}

/**
 * Keeps stored entries whole. Absence is no proof of loss: a folder that is not mounted and a network that is down look
 * the same as lost images, and every image that is dropped has to be bought again.
 */
export class EntryIntegrity {
  readonly #deps: EntryIntegrityDeps;

  constructor(deps: EntryIntegrityDeps) {
    this.#deps = deps;
  }

  /** True when every image was seen to be there within the last second. */
  wasWhole(entry: Entry): boolean {
    return entry.images.every((image) => this.#deps.blobs.wasThere(image.digest, image.size));
  }

  /** True when every image of an entry is there right now. False also while the store cannot say. */
  async isWhole(entry: Entry): Promise<boolean> {
    return await this.#asked(async () => {
      const there = await Promise.all(
        entry.images.map(({ digest, size }) => this.#deps.blobs.has(digest, size)),
      );
      return there.every(Boolean);
    });
  }

  /** True when every image of an entry is there, or came back from its source. False makes the request a miss. */
  async ensureWhole(entry: Entry): Promise<boolean> {
    return await this.#asked(async () => {
      for (const { digest, size } of entry.images) {
        if (await this.#deps.blobs.has(digest, size)) continue;
        if ((await this.mend(digest)) !== 'whole') return false;
      }
      return true;
    });
  }

  /**
   * Fetches an image again whose bytes are missing or damaged, once for all who ask. When it is lost for good the
   * entries that show it answer no request any more: those with nothing left are deleted, the others keep their other
   * images. Errors: `storage_failed`.
   */
  async mend(digest: string): Promise<Healing> {
    const { value } = await this.#deps.healing.run(digest, () => this.#mend(digest));
    return value;
  }

  /** A store that cannot answer makes a miss: the image is bought again rather than refused. */
  async #asked(question: () => Promise<boolean>): Promise<boolean> {
    try {
      return await question();
    } catch (cause) {
      if (!isStorageFailure(cause)) throw cause;
      this.#deps.reporter.report({ type: 'failure', where: 'blobs', cause });
      return false;
    }
  }

  async #mend(digest: string): Promise<Healing> {
    const { entries, blobs, reporter } = this.#deps;
    const blob = await entries.findBlob(digest);
    if (blob === undefined) return 'lost';
    if (await blobs.isIntact(blob)) return 'whole';
    // A sweep beside an older database may have taken it for garbage.
    if ((await blobs.recover(digest)) && (await blobs.isIntact(blob))) {
      reporter.report({ type: 'healed', digest, how: 'recovered' });
      return 'whole';
    }
    let isLost = true;
    for (const url of sourcesOf(digest, await this.#showing(digest))) {
      const healing = await this.#fetch(digest, url);
      if (healing === 'whole') {
        reporter.report({ type: 'healed', digest, how: 'fetched-again' });
        return 'whole';
      }
      isLost &&= healing === 'lost';
    }
    return isLost ? await this.#giveUp(blob) : 'unreachable';
  }

  async #showing(digest: string): Promise<readonly Entry[]> {
    return await this.#deps.entries.findAll(await this.#deps.entries.entriesOfBlob(digest));
  }

  async #fetch(digest: string, url: string): Promise<Healing> {
    if (isExpired(url, this.#deps.clock.now())) return 'lost';
    let staged: StagedImage | undefined;
    try {
      staged = await this.#deps.downloader.downloadOnce(url, HEAL_BUDGET_MS);
      // The same bytes or nothing: the address is the promise.
      return staged.digest === digest && (await this.#restore(staged)) ? 'whole' : 'lost';
    } catch (cause) {
      if (isAppError(cause) && GONE.has(cause.upstream?.status)) return 'lost';
      this.#deps.reporter.report({ type: 'failure', where: 'healing', cause });
      return 'unreachable';
    } finally {
      await staged?.discard();
    }
  }

  /** False when the row went while we fetched: bytes without one would stay until the next start. */
  #restore(image: StagedImage): Promise<boolean> {
    return this.#deps.lock.shared([image.digest], async () => {
      if ((await this.#deps.entries.findBlob(image.digest)) === undefined) return false;
      await image.commit();
      return true;
    });
  }

  async #giveUp(blob: BlobRecord): Promise<Healing> {
    const { entries, blobs, lock, reporter } = this.#deps;
    try {
      await blobs.check();
    } catch (cause) {
      reporter.report({ type: 'failure', where: 'healing', cause });
      return 'unreachable';
    }
    const shown = (await this.#showing(blob.digest)).flatMap((entry) => entry.images);
    const digests = [...new Set([blob.digest, ...shown.map(({ digest }) => digest)])];
    return await lock.exclusive(digests, async (free) => {
      // Somebody publishes what may be the same image.
      if (free.length < digests.length) return 'unreachable';
      // Another recipe may have drawn the same image while we waited for the lock.
      if (await blobs.isIntact(blob)) return 'whole';
      const showing = await this.#showing(blob.digest);
      const partial: Entry[] = [];
      for (const entry of showing) if (await this.#hasOther(entry, blob.digest)) partial.push(entry);
      const nothingLeft = showing.filter((entry) => !partial.includes(entry));
      await this.#retire(partial, blob.digest);
      const { blobs: freed } = await entries.delete(nothingLeft.map(({ id }) => id));
      for (const { digest } of freed) if (free.includes(digest)) await blobs.delete(digest);
      if (showing.length > 0) reporter.report({ type: 'healed', digest: blob.digest, how: 'dropped' });
      return 'lost';
    });
  }

  async #hasOther(entry: Entry, lost: string): Promise<boolean> {
    for (const { digest, size } of entry.images) {
      if (digest !== lost && (await this.#deps.blobs.has(digest, size))) return true;
    }
    return false;
  }

  /** Their other images stay, and the URLs that were handed out for them. */
  async #retire(partial: readonly Entry[], lost: string): Promise<void> {
    if (partial.length === 0) return;
    const ids = partial.map(({ id }) => id);
    await this.#deps.entries.change(partial, [
      entryStatements.invalidate(ids, this.#deps.clock.now()),
      entryStatements.forgetSources(lost),
    ]);
  }
}

/** Where an image came from, each URL once. */
function sourcesOf(digest: string, entries: readonly Entry[]): ReadonlySet<string> {
  const images = entries.flatMap((entry) => entry.images).filter((image) => image.digest === digest);
  return new Set(images.flatMap(({ sourceUrl }) => sourceUrl ?? []));
}

/** Whether a signed URL says itself that it is over (`Expires`, seconds since the epoch). */
function isExpired(url: string, now: number): boolean {
  const expires = URL.canParse(url) ? new URL(url).searchParams.get('Expires') : null;
  return expires !== null && /^\d+$/.test(expires) && Number(expires) * 1000 <= now;
}
