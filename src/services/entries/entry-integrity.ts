import type { Entry, EntryImage } from '../../core/entries/entry.ts';
import { isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FlightCoordinator } from '../../ports/flight-coordinator.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { BlobStore, StagedImage } from '../blobs/blob-store.ts';
import type { Downloader } from '../blobs/downloader.ts';
import type { StoreLock } from '../blobs/store-lock.ts';
import type { EntryStore } from './entry-store.ts';

/** What became of a lost image: `no room` when it could be fetched but not written. */
export type Healing = 'whole' | 'lost' | 'no room';

/** A lost image is fetched again within this time, while a client waits. */
const HEAL_BUDGET_MS = 10_000;

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

/** Keeps stored entries whole: their images are there, come back from where they came from, or the entry goes. */
export class EntryIntegrity {
  readonly #deps: EntryIntegrityDeps;

  constructor(deps: EntryIntegrityDeps) {
    this.#deps = deps;
  }

  /** True when every picture was seen to be there within the last second. */
  wasWhole(entry: Entry): boolean {
    return entry.images.every((image) => this.#deps.blobs.wasThere(image.digest, image.size));
  }

  /** True when every picture of an entry is there right now. */
  async isWhole(entry: Entry): Promise<boolean> {
    const there = await Promise.all(
      entry.images.map(({ digest, size }) => this.#deps.blobs.has(digest, size)),
    );
    return there.every(Boolean);
  }

  /**
   * True when every picture of an entry is there, or could be fetched again from where it came from. Otherwise the entry
   * is dropped: a hit whose picture is gone is a miss. It stays when only our disk is in the way: there may be room later.
   */
  async ensureWhole(entry: Entry): Promise<boolean> {
    for (const image of entry.images) {
      if (await this.#deps.blobs.has(image.digest, image.size)) continue;
      const { value: healed } = await this.#deps.healing.run(image.digest, () => this.#heal(image));
      if (healed === 'whole') continue;
      if (healed === 'no room' || (await this.#drop(entry, image))) return false;
    }
    return true;
  }

  /** False when the lost bytes came back while we waited for the lock: another recipe may have drawn the same picture. */
  #drop(entry: Entry, lost: EntryImage): Promise<boolean> {
    return this.#deps.lock.exclusive(async () => {
      if (await this.#deps.blobs.has(lost.digest, lost.size)) return false;
      const { entries, blobs } = await this.#deps.entries.delete([entry.id]);
      for (const { digest } of blobs) await this.#deps.blobs.delete(digest);
      if (entries > 0) this.#deps.reporter.report({ type: 'healed', digest: lost.digest, how: 'dropped' });
      return true;
    });
  }

  async #heal(image: EntryImage): Promise<Healing> {
    if (image.sourceUrl === undefined || isExpired(image.sourceUrl, this.#deps.clock.now())) return 'lost';
    let staged: StagedImage | undefined;
    try {
      staged = await this.#deps.downloader.downloadOnce(image.sourceUrl, HEAL_BUDGET_MS);
      // The same bytes or nothing: the address is the promise.
      if (staged.digest !== image.digest || !(await this.#restore(staged))) return 'lost';
      this.#deps.reporter.report({ type: 'healed', digest: image.digest, how: 'fetched-again' });
      return 'whole';
    } catch (cause) {
      if (isAppError(cause, 'upstream_invalid')) return 'lost';
      this.#deps.reporter.report({ type: 'failure', where: 'healing', cause });
      return 'no room';
    } finally {
      await staged?.discard();
    }
  }

  /** False when the row went while we fetched: bytes without one would stay until the next start. */
  #restore(image: StagedImage): Promise<boolean> {
    return this.#deps.lock.shared(async () => {
      if ((await this.#deps.entries.findBlob(image.digest)) === undefined) return false;
      await image.commit();
      return true;
    });
  }
}

/** Whether a signed URL says itself that it is over (`Expires`, seconds since the epoch). */
function isExpired(url: string, now: number): boolean {
  const expires = URL.canParse(url) ? new URL(url).searchParams.get('Expires') : null;
  return expires !== null && /^\d+$/.test(expires) && Number(expires) * 1000 <= now;
}
