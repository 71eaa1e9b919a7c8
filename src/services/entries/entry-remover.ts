import type { BlobStore } from '../blobs/blob-store.ts';
import type { StoreLock } from '../blobs/store-lock.ts';
import type { EntryStore } from './entry-store.ts';

/** What went. */
export interface Removed {
  readonly entries: number;
  readonly blobs: number;
  /** What the blobs took. */
  readonly bytes: number;
}

export const NOTHING_REMOVED: Removed = { entries: 0, blobs: 0, bytes: 0 };

/** The sum of two removals. */
export function addRemoved(a: Removed, b: Removed): Removed {
  return { entries: a.entries + b.entries, blobs: a.blobs + b.blobs, bytes: a.bytes + b.bytes };
}

/** Collaborators of `EntryRemover`. */
export interface EntryRemoverDeps {
  readonly entries: EntryStore;
  readonly blobs: BlobStore;
  readonly lock: StoreLock;
}

/** Removes entries with the pictures that no other entry shows. */
export class EntryRemover {
  readonly #deps: EntryRemoverDeps;

  constructor(deps: EntryRemoverDeps) {
    this.#deps = deps;
  }

  /**
   * Rows first, then bytes: a crash in between leaves bytes without rows, never a row without bytes. Publishers are kept
   * out meanwhile, so ask for few at a time.
   */
  async remove(ids: readonly number[]): Promise<Removed> {
    if (ids.length === 0) return NOTHING_REMOVED;
    return await this.#deps.lock.exclusive(async () => {
      const { entries, blobs } = await this.#deps.entries.delete(ids);
      for (const { digest } of blobs) await this.#deps.blobs.delete(digest);
      return { entries, blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) };
    });
  }
}
