import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { StoreLock } from '../../ports/store-lock.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { type EntryEvictor, EVICTION_BATCH } from '../entries/entry-evictor.ts';
import { addRemoved, NOTHING_REMOVED, type Removed } from '../entries/entry-remover.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import type { PurchaseStore } from '../purchases/purchase-store.ts';

export interface GarbageCollectorOptions {
  /** Age in milliseconds at which entries go; undefined means never. */
  readonly maxAgeMs: number | undefined;
}

/** Bytes without a row are left alone this long: their entry may be about to be stored. */
const ORPHAN_GRACE_MS = 60 * 60 * 1000;
/** So many are garbage for certain enough, and beyond them this share of all files. */
const FEW_ORPHANS = 4;
const ORPHAN_SHARE = 0.05;
/** Between two rounds a clock that nobody sets drifts less than this. */
const MAX_DRIFT_MS = 5 * 60 * 1000;
/** Nothing expires for so long after the clock was set. */
const STEADY_MS = 60 * 60 * 1000;
const PURCHASE_LIFE_MS = 30 * 24 * 60 * 60 * 1000;

/** Collaborators of `GarbageCollector`. */
export interface GarbageCollectorDeps {
  readonly entries: EntryStore;
  readonly purchases: PurchaseStore;
  readonly blobs: BlobStore;
  readonly evictor: EntryEvictor;
  readonly lock: StoreLock;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Keeps the store within its bounds: what is too old goes, then what was used least recently. Pinned entries stay. */
export class GarbageCollector {
  readonly #deps: GarbageCollectorDeps;
  readonly #options: GarbageCollectorOptions;
  #isCollecting = false;
  /** The wall clock against the time that passes, at the last round. */
  #clockAhead: number | undefined;
  #clockSetAt: number | undefined;

  constructor(deps: GarbageCollectorDeps, options: GarbageCollectorOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** All of it, for whoever asks. `overloaded` while it is done already: each goes through every file of the store. */
  async collect(onProgress: (removed: Removed) => void): Promise<Removed> {
    if (this.#isCollecting) throw new AppError('overloaded', 'The store is being collected already.');
    this.#isCollecting = true;
    try {
      return addRemoved(await this.runOnce(onProgress), await this.sweepOrphans());
    } finally {
      this.#isCollecting = false;
    }
  }

  /** Expires and evicts until the store is within its bounds. Tells after each batch what went so far. */
  async runOnce(onProgress: (removed: Removed) => void = () => {}): Promise<Removed> {
    const { maxAgeMs } = this.#options;
    let removed = NOTHING_REMOVED;
    const drop = async (ids: readonly number[]): Promise<boolean> => {
      if (ids.length === 0) return false;
      removed = addRemoved(removed, await this.#deps.evictor.evict(ids));
      onProgress(removed);
      return true;
    };
    if (maxAgeMs !== undefined && this.#isClockSteady()) {
      const createdBefore = this.#deps.clock.now() - maxAgeMs;
      while (await drop(await this.#deps.entries.selectExpired(createdBefore, EVICTION_BATCH))) {
        // Another batch, until none is left.
      }
    }
    await this.#deps.evictor.trim((gone) => {
      removed = addRemoved(removed, gone);
      onProgress(removed);
    });
    await this.#deps.purchases.prune(this.#deps.clock.now() - PURCHASE_LIFE_MS);
    return removed;
  }

  /**
   * False when the wall clock was set lately: nobody knows yet which time is right, and what expires by the wrong one is
   * gone.
   */
  #isClockSteady(): boolean {
    const { clock } = this.#deps;
    const ahead = clock.now() - clock.monotonic();
    const jumped = this.#clockAhead !== undefined && Math.abs(ahead - this.#clockAhead) > MAX_DRIFT_MS;
    this.#clockAhead = ahead;
    if (jumped) this.#clockSetAt = clock.monotonic();
    return this.#clockSetAt === undefined || clock.monotonic() - this.#clockSetAt >= STEADY_MS;
  }

  /**
   * Moves bytes that no row names to the trash: what a crash between bytes and rows left behind. They may also be images
   * whose rows were lost, so they stay there for as long as a backup may be old, and when they are many nothing is moved.
   * Returns what was moved.
   */
  async sweepOrphans(): Promise<Removed> {
    const { blobs, entries, lock, clock } = this.#deps;
    const orphans: { readonly digest: string; readonly size: number }[] = [];
    let files = 0;
    for await (const { digest, size, modifiedAt } of blobs.list()) {
      files += 1;
      const isOld = modifiedAt <= clock.now() - ORPHAN_GRACE_MS;
      if (isOld && (await entries.findBlob(digest)) === undefined) orphans.push({ digest, size });
    }
    if (orphans.length > Math.max(FEW_ORPHANS, files * ORPHAN_SHARE)) {
      const cause = `${orphans.length} of ${files} images have no row, which is too many for garbage: the database may be an older one. Bring back the right one, or let "dashcache repair" move them to the trash.`;
      this.#deps.reporter.report({ type: 'failure', where: 'orphan sweep', cause });
      return NOTHING_REMOVED;
    }
    let swept = NOTHING_REMOVED;
    for (const { digest, size } of orphans) {
      await lock.exclusive([digest], async (free) => {
        if (free.length === 0 || (await entries.findBlob(digest)) !== undefined) return;
        await blobs.discard(digest);
        swept = addRemoved(swept, { entries: 0, blobs: 1, bytes: size });
      });
    }
    return swept;
  }
}
