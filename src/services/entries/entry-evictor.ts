import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { EntryRemover, Removed } from './entry-remover.ts';
import type { EntryStore } from './entry-store.ts';

/** Entries dropped in one go: the lock that keeps publishers out is held meanwhile. */
export const EVICTION_BATCH = 50;
/** How old a backup may be whose rows still find their images. */
const TRASH_LIFE_MS = 30 * 24 * 60 * 60 * 1000;
/** The store may be larger than its budget by this factor, so that not every image has to make room for itself. */
const TOLERANCE = 1.1;

/** Collaborators of `EntryEvictor`. */
export interface EntryEvictorDeps {
  readonly entries: EntryStore;
  readonly blobs: BlobStore;
  readonly remover: EntryRemover;
  readonly clock: Pick<Clock, 'now'>;
  readonly reporter: Reporter;
}

/** Keeps the images within the byte budget: the trash goes first, then what was used least recently. Pinned entries stay. */
export class EntryEvictor {
  readonly #deps: EntryEvictorDeps;
  readonly #maxBytes: number;
  /** Bytes that are about to be published. */
  #coming = 0;
  #trashBytes = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** `maxBytes` undefined means no bound. */
  constructor(deps: EntryEvictorDeps, maxBytes: number | undefined) {
    this.#deps = deps;
    this.#maxBytes = maxBytes ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Runs work that publishes so many bytes, after there is room for them: the budget is a bound, not an aim of the next
   * round. What cannot make room is no reason to lose an image that is paid for.
   */
  async withRoom<T>(bytes: number, publish: () => Promise<T>): Promise<T> {
    if (this.#maxBytes === Number.POSITIVE_INFINITY) return await publish();
    this.#coming += bytes;
    try {
      await this.#inTurn(() => this.#makeRoom());
      return await publish();
    } finally {
      this.#coming -= bytes;
    }
  }

  /** Brings the store within its budget. Tells after each batch what went. */
  async trim(onRemoved: (removed: Removed) => void = () => {}): Promise<void> {
    await this.#inTurn(() => this.#trimTo(this.#maxBytes, onRemoved));
  }

  /** Removes these entries. */
  async evict(ids: readonly number[]): Promise<Removed> {
    const removed = await this.#deps.remover.remove(ids);
    this.#deps.reporter.report({ type: 'evicted', ...removed });
    return removed;
  }

  /** One at a time: two that look at once would both evict for the same bytes. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #makeRoom(): Promise<void> {
    try {
      const { bytes } = await this.#deps.entries.totals();
      if (bytes + this.#trashBytes + this.#coming <= this.#maxBytes * TOLERANCE) return;
      await this.#trimTo(this.#maxBytes - this.#coming, () => {});
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'making room', cause });
    }
  }

  async #trimTo(bytes: number, onRemoved: (removed: Removed) => void): Promise<void> {
    const { entries, blobs, clock } = this.#deps;
    const used = (await entries.totals()).bytes;
    const room = Math.max(0, bytes - used);
    this.#trashBytes = await blobs.pruneDiscarded(clock.now() - TRASH_LIFE_MS, room);
    for (;;) {
      const excess = (await entries.totals()).bytes - bytes;
      if (excess <= 0) return;
      const victims = enough(await entries.selectForEviction({ limit: EVICTION_BATCH }), excess);
      if (victims.length === 0) return;
      onRemoved(await this.evict(victims));
    }
  }
}

/** As many of the candidates, in order, as it takes to free `excess` bytes. */
function enough(
  candidates: readonly { readonly id: number; readonly bytes: number }[],
  excess: number,
): number[] {
  const ids: number[] = [];
  let freed = 0;
  for (const { id, bytes } of candidates) {
    if (freed >= excess) break;
    ids.push(id);
    freed += bytes;
  }
  return ids;
}
