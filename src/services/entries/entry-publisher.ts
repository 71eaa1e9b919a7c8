import type { AnswerTemplate } from '../../core/dashscope/answer.ts';
import type { AnswerAsset } from '../../core/dashscope/answer-assets.ts';
import type { Entry, EntryImage } from '../../core/entries/entry.ts';
import { isAppError } from '../../core/errors.ts';
import type { Cost } from '../../core/events.ts';
import { listPrice, type PriceOverrides } from '../../core/models/list-price.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FlightCoordinator } from '../../ports/flight-coordinator.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { EntryIdentity } from '../attempts/entry-identity.ts';
import type { BlobStore, StagedImage } from '../blobs/blob-store.ts';
import type { Downloader } from '../blobs/downloader.ts';
import type { StoreLock } from '../blobs/store-lock.ts';
import type { StageListener } from '../flights/flight-stage.ts';
import type { EntryStore } from './entry-store.ts';

/** A proven success that waits for its pictures. */
export interface PaidAnswer {
  readonly attemptId: string;
  readonly identity: EntryIdentity;
  readonly assets: readonly AnswerAsset[];
  /** How many of them are results: what is paid for. */
  readonly pictures: number;
  readonly template: AnswerTemplate;
  readonly usage: string | undefined;
  readonly upstreamRequestId: string | undefined;
  readonly elapsedMs: number | undefined;
  /** Told of the pictures while they come, and when they are stored. */
  readonly onStage?: StageListener | undefined;
}

/** What became of a lost picture: `no room` when it could be fetched but not written. */
export type Healing = 'whole' | 'lost' | 'no room';

/** A lost picture is fetched again within this time, while a client waits. */
const HEAL_BUDGET_MS = 10_000;

/** Collaborators of `EntryPublisher`. */
export interface EntryPublisherDeps {
  readonly entries: EntryStore;
  readonly attempts: AttemptStore;
  readonly blobs: BlobStore;
  readonly downloader: Downloader;
  readonly lock: StoreLock;
  readonly healing: FlightCoordinator<Healing>;
  readonly prices: PriceOverrides;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/**
 * Turns a paid answer into an entry, and keeps entries whole. The order is what makes a crash harmless:
 *
 * | crash after                   | left behind               | who repairs                                       |
 * |-------------------------------|---------------------------|---------------------------------------------------|
 * | answer recorded               | an `answered` attempt     | `Recovery` downloads and stores it                |
 * | some bytes staged             | files in the stage folder | `sweepStages` at the next start                   |
 * | blobs committed, no rows      | blobs without rows        | `Recovery` stores the entry; else the orphan sweep |
 * | rows committed                | nothing                   |                                                   |
 */
export class EntryPublisher {
  readonly #deps: EntryPublisherDeps;

  constructor(deps: EntryPublisherDeps) {
    this.#deps = deps;
  }

  /** Downloads every picture, then stores blobs and rows. All or nothing; throws why it could not. */
  async keep(paid: PaidAnswer): Promise<Entry> {
    const staged = await this.#deps.downloader.downloadAll(paid.assets, (downloaded) =>
      paid.onStage?.({ stage: 'downloading', ...downloaded }),
    );
    try {
      return await this.#deps.lock.shared(() => this.#publish(paid, staged));
    } catch (error) {
      await this.#withdraw(staged);
      throw error;
    } finally {
      await Promise.all(staged.map((image) => image.discard()));
    }
  }

  /** What upstream is paid for it, at list price; undefined when that is not known. */
  costOf({
    identity,
    usage,
    pictures,
  }: Pick<PaidAnswer, 'identity' | 'usage' | 'pictures'>): Cost | undefined {
    const { model, site, canonical } = identity;
    return listPrice({ model, site, canonical, usage, count: pictures }, this.#deps.prices);
  }

  /** Removes what was published before the rows failed: on a full disk it would be in the way until the next start. */
  async #withdraw(images: readonly StagedImage[]): Promise<void> {
    try {
      await this.#deps.lock.exclusive(async () => {
        for (const { digest } of images) {
          if ((await this.#deps.entries.findBlob(digest)) === undefined)
            await this.#deps.blobs.delete(digest);
        }
      });
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'blobs without rows', cause });
    }
  }

  async #publish(paid: PaidAnswer, staged: readonly StagedImage[]): Promise<Entry> {
    for (const image of staged) await image.commit();
    const { identity } = paid;
    const images = staged.map((image, index): EntryImage => {
      const { digest, size, mediaType, width, height } = image;
      const asset = paid.assets[index];
      const sourceUrl = asset !== undefined && 'url' in asset ? asset.url : undefined;
      return { digest, size, mediaType, width, height, sourceUrl };
    });
    const entry = await this.#deps.entries.insert(
      {
        ...identity,
        answer: JSON.stringify(paid.template),
        usage: paid.usage,
        upstreamRequestId: paid.upstreamRequestId,
        cost: this.costOf(paid),
        elapsedMs: paid.elapsedMs,
        createdAt: this.#deps.clock.now(),
        images,
      },
      [this.#deps.attempts.stored(paid.attemptId, this.#deps.clock.now())],
    );
    paid.onStage?.({ stage: 'stored' });
    const bytes = images.reduce((sum, image) => sum + image.size, 0);
    const { model, scope } = identity;
    this.#deps.reporter.report({ type: 'stored', model, scope, images: images.length, bytes });
    return entry;
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
