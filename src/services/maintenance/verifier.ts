import type { BlobRecord } from '../../core/entries/blob.ts';
import { AppError } from '../../core/errors.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { EntryIntegrity } from '../entries/entry-integrity.ts';
import type { EntryStore } from '../entries/entry-store.ts';

/**
 * Counts of images. What is damaged, but neither healed nor dropped, is to be tried again: its source could not be
 * reached, or there was no room.
 */
export interface Verification {
  readonly checked: number;
  /** Missing, or not the bytes that their address names. */
  readonly damaged: number;
  /** Fetched again from where they came from. */
  readonly healed: number;
  /** Gone for good: their entries answer nobody any more. */
  readonly dropped: number;
}

const SLICE = 100;

/** How a damaged image is counted, by what became of it. */
const FATES = { whole: 'healed', lost: 'dropped', unreachable: 'damaged' } as const;

/** Collaborators of `Verifier`. */
export interface VerifierDeps {
  readonly entries: EntryStore;
  readonly blobs: BlobStore;
  readonly integrity: EntryIntegrity;
  readonly reporter: Reporter;
}

/** Reads every stored picture, and mends what is not as it was stored. */
export class Verifier {
  readonly #deps: VerifierDeps;
  #isRunning = false;

  constructor(deps: VerifierDeps) {
    this.#deps = deps;
  }

  /**
   * Goes through all blobs once, and tells from time to time how far it is. `overloaded` while another is at it;
   * `storage_failed` when the store of blobs does not work at all, before anything is taken for lost.
   */
  async run(onProgress: (sofar: Verification) => void = () => {}): Promise<Verification> {
    if (this.#isRunning) throw new AppError('overloaded', 'The store is being verified already.');
    this.#isRunning = true;
    try {
      await this.#deps.blobs.check();
      return await this.#goThrough(onProgress);
    } finally {
      this.#isRunning = false;
    }
  }

  async #goThrough(onProgress: (sofar: Verification) => void): Promise<Verification> {
    const counts = { checked: 0, damaged: 0, healed: 0, dropped: 0 };
    let after = '';
    for (;;) {
      const slice = await this.#deps.entries.blobsAfter(after, SLICE);
      for (const blob of slice) {
        const fate = await this.#verify(blob);
        counts.checked += 1;
        if (fate === 'whole') continue;
        counts.damaged += 1;
        if (fate !== 'damaged') counts[fate] += 1;
      }
      onProgress({ ...counts });
      const last = slice.at(-1);
      if (last === undefined) return counts;
      after = last.digest;
    }
  }

  /** One image that cannot be read is no reason not to look at the others. */
  async #verify(blob: BlobRecord): Promise<'whole' | 'damaged' | 'healed' | 'dropped'> {
    const { blobs, integrity, reporter } = this.#deps;
    try {
      return (await blobs.isIntact(blob)) ? 'whole' : FATES[await integrity.mend(blob.digest)];
    } catch (cause) {
      reporter.report({ type: 'failure', where: `blob ${blob.digest}`, cause });
      return 'damaged';
    }
  }
}
