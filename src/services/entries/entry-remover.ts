import type { StoreLock } from '../../ports/store-lock.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
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
   * Rows first, then bytes: a crash in between leaves bytes without rows, never a row without bytes. Whoever publishes the
   * same bytes meanwhile keeps them. Ask for few at a time: publishers wait for the deletion.
   */
  async remove(ids: readonly number[]): Promise<Removed> {
    if (ids.length === 0) return NOTHING_REMOVED;
    const { entries: store, blobs, lock } = this.#deps;
    const { entries, blobs: unnamed } = await store.delete(ids);
    const sizes = new Map(unnamed.map(({ digest, size }) => [digest, size]));
    const removed = { entries, blobs: 0, bytes: 0 };
    await lock.exclusive([...sizes.keys()], async (free) => {
      for (const digest of free) {
        if ((await store.findBlob(digest)) !== undefined) continue;
        await blobs.delete(digest);
        removed.blobs += 1;
        removed.bytes += sizes.get(digest) ?? 0;
      }
    });
    return removed;
  }
}
