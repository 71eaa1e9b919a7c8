import type { BlobDriver } from '../../ports/blob-driver.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoreLock } from '../../ports/store-lock.ts';
import type { UploadStore } from './upload-store.ts';

/** Names dropped in one go: the lock that keeps uploads from ending is held meanwhile. */
const BATCH = 50;
/** Bytes without a row are left alone this long: their row may be about to be written. */
const ORPHAN_GRACE_MS = 60 * 60 * 1000;

/** Collaborators of `UploadCollector`. */
export interface UploadCollectorDeps {
  readonly uploads: UploadStore;
  readonly files: BlobDriver;
  readonly lock: StoreLock;
  readonly clock: Pick<Clock, 'now'>;
}

/** Removes uploads that have had their 48 hours. */
export class UploadCollector {
  readonly #deps: UploadCollectorDeps;

  constructor(deps: UploadCollectorDeps) {
    this.#deps = deps;
  }

  /** Rows first, then bytes: a crash in between leaves bytes without rows, which the sweep finds. */
  async runOnce(): Promise<void> {
    const now = this.#deps.clock.now();
    for (let dropped = BATCH; dropped === BATCH; ) {
      const digests = await this.#deps.uploads.dropExpired(now, BATCH);
      dropped = digests.length;
      await this.#deleteUnnamed([...new Set(digests)]);
    }
    await this.#deps.uploads.dropExpiredUpstream(now);
  }

  /** Removes bytes whose row could not be written, unless another one names them. */
  async takeBack(digest: string): Promise<void> {
    await this.#deleteUnnamed([digest]);
  }

  /** Removes bytes that no row names: what a crash between bytes and rows left behind. */
  async sweepOrphans(): Promise<void> {
    for await (const { digest, modifiedAt } of this.#deps.files.list()) {
      if (modifiedAt > this.#deps.clock.now() - ORPHAN_GRACE_MS) continue;
      await this.takeBack(digest);
    }
  }

  async #deleteUnnamed(digests: readonly string[]): Promise<void> {
    const { uploads, files, lock } = this.#deps;
    await lock.exclusive(digests, async (free) => {
      for (const digest of free) if (!(await uploads.isNamed(digest))) await files.delete(digest);
    });
  }
}
