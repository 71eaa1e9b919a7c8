import type { AnswerTemplate } from '../../core/dashscope/answer.ts';
import type { AnswerAsset } from '../../core/dashscope/answer-assets.ts';
import type { Entry, EntryImage } from '../../core/entries/entry.ts';
import type { Cost } from '../../core/events.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { SqlStatement } from '../../ports/sql-database.ts';
import type { StoreLock } from '../../ports/store-lock.ts';
import type { BlobStore, StagedImage } from '../blobs/blob-store.ts';
import type { Downloader } from '../blobs/downloader.ts';
import type { StageListener } from '../purchases/flight-stage.ts';
import type { EntryIdentity } from '../purchases/purchase.ts';
import type { EntryEvictor } from './entry-evictor.ts';
import type { EntryStore } from './entry-store.ts';

/** The record of the purchase that an entry comes from: it ends in the transaction that inserts the entry. */
export interface StoringRecord {
  /** Undefined when the purchase has ended in other hands: then nothing was inserted. */
  store(insert: (also: readonly SqlStatement[]) => Promise<Entry>): Promise<Entry | undefined>;
}

/** A proven success that waits for its pictures. */
export interface PaidAnswer {
  readonly record: StoringRecord;
  readonly identity: EntryIdentity;
  readonly assets: readonly AnswerAsset[];
  /** What was paid for it, at list price; undefined when that is not known. */
  readonly cost: Cost | undefined;
  readonly template: AnswerTemplate;
  readonly usage: string | undefined;
  readonly upstreamRequestId: string | undefined;
  readonly elapsedMs: number | undefined;
  /** Told of the pictures while they come, and when they are stored. */
  readonly onStage?: StageListener | undefined;
}

/** Collaborators of `EntryPublisher`. */
export interface EntryPublisherDeps {
  readonly entries: EntryStore;
  readonly blobs: BlobStore;
  readonly downloader: Downloader;
  readonly lock: StoreLock;
  readonly evictor: EntryEvictor;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/**
 * Turns a paid answer into an entry. The order is what makes a crash harmless:
 *
 * | crash after                   | left behind               | who repairs                                       |
 * |-------------------------------|---------------------------|---------------------------------------------------|
 * | answer recorded               | an `answered` purchase    | its next driver downloads and stores it           |
 * | some bytes staged             | files in the stage folder | `sweepStages` at the next start                   |
 * | blobs committed, no rows      | blobs without rows        | its next driver stores it; else the orphan sweep  |
 * | rows committed                | nothing                   |                                                   |
 */
export class EntryPublisher {
  readonly #deps: EntryPublisherDeps;

  constructor(deps: EntryPublisherDeps) {
    this.#deps = deps;
  }

  /**
   * Downloads every picture, then stores blobs and rows. All or nothing; throws why it could not. Undefined when the purchase
   * has ended in other hands meanwhile.
   */
  async keep(paid: PaidAnswer): Promise<Entry | undefined> {
    const staged = await this.#deps.downloader.downloadAll(paid.assets, (downloaded) =>
      paid.onStage?.({ stage: 'downloading', ...downloaded }),
    );
    try {
      const digests = staged.map(({ digest }) => digest);
      const bytes = staged.reduce((sum, { size }) => sum + size, 0);
      // Room first: an eviction waits until nobody publishes.
      return await this.#deps.evictor.withRoom(bytes, () =>
        this.#deps.lock.shared(digests, () => this.#publish(paid, staged)),
      );
    } catch (error) {
      await this.#withdraw(staged);
      throw error;
    } finally {
      await Promise.all(staged.map((image) => image.discard()));
    }
  }

  /** Removes what was published before the rows failed: on a full disk it would be in the way until the next start. */
  async #withdraw(images: readonly StagedImage[]): Promise<void> {
    try {
      const { entries, blobs, lock } = this.#deps;
      const digests = images.map(({ digest }) => digest);
      await lock.exclusive(digests, async (free) => {
        for (const digest of free)
          if ((await entries.findBlob(digest)) === undefined) await blobs.delete(digest);
      });
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'blobs without rows', cause });
    }
  }

  async #publish(paid: PaidAnswer, staged: readonly StagedImage[]): Promise<Entry | undefined> {
    for (const image of staged) await image.commit();
    const { identity } = paid;
    const images = staged.map((image, index): EntryImage => {
      const { digest, size, mediaType, width, height } = image;
      const asset = paid.assets[index];
      const sourceUrl = asset !== undefined && 'url' in asset ? asset.url : undefined;
      return { digest, size, mediaType, width, height, sourceUrl };
    });
    const made = {
      ...identity,
      answer: JSON.stringify(paid.template),
      usage: paid.usage,
      upstreamRequestId: paid.upstreamRequestId,
      cost: paid.cost,
      elapsedMs: paid.elapsedMs,
      createdAt: this.#deps.clock.now(),
      images,
    };
    const entry = await paid.record.store((also) => this.#deps.entries.insert(made, also));
    if (entry === undefined) return undefined;
    paid.onStage?.({ stage: 'stored' });
    const bytes = images.reduce((sum, image) => sum + image.size, 0);
    const { model, scope } = identity;
    this.#deps.reporter.report({ type: 'stored', model, scope, images: images.length, bytes });
    return entry;
  }
}
