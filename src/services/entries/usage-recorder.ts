import type { Clock } from '../../ports/clock.ts';
import type { EntryStore } from './entry-store.ts';

interface Use {
  usedAt: number;
  hits: number;
}

/** Uses waiting in memory before they are written: one write per hit would cost more than the hit. */
const MAX_PENDING = 5_000;

/** Uses written in one go: a few milliseconds in which no request is answered. */
const SLICE = 50;

/** Collaborators of `UsageRecorder`. */
export interface UsageRecorderDeps {
  readonly entries: EntryStore;
  readonly clock: Clock;
  readonly onFailure: (cause: unknown) => void;
}

/** Counts uses in memory and writes them in batches. A crash loses some counts, never an entry. */
export class UsageRecorder {
  readonly #deps: UsageRecorderDeps;
  #pending = new Map<number, Use>();
  #flushing = Promise.resolve();

  constructor(deps: UsageRecorderDeps) {
    this.#deps = deps;
  }

  used(entryId: number): void {
    const use = this.#pending.get(entryId);
    if (use !== undefined) {
      use.usedAt = this.#deps.clock.now();
      use.hits += 1;
      return;
    }
    this.#pending.set(entryId, { usedAt: this.#deps.clock.now(), hits: 1 });
    if (this.#pending.size >= MAX_PENDING) void this.flush();
  }

  /** Writes what is pending, and resolves when that is done. One at a time; a failure is reported, and those counts are lost. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async #write(): Promise<void> {
    if (this.#pending.size === 0) return;
    const uses = [...this.#pending].map(([id, use]) => ({ id, ...use }));
    this.#pending = new Map();
    for (let at = 0; at < uses.length; at += SLICE) {
      // Requests between the slices: SQLite writes on the thread that answers.
      if (at > 0) await this.#deps.clock.sleep(0);
      await this.#deps.entries.touch(uses.slice(at, at + SLICE)).catch(this.#deps.onFailure);
    }
  }
}
