import type { R2Bucket, R2ObjectBody } from '@cloudflare/workers-types';
import type { ByteRange } from '../../core/bytes/range.ts';
import { AppError } from '../../core/errors.ts';
import type { BlobContent, BlobDriver, BlobStage } from '../../ports/blob-driver.ts';
import type { Clock } from '../../ports/clock.ts';
import { R2BlobStage } from './blob-stage.ts';
import { translated } from './storage-error.ts';

/** Up to this size an object is read at once; larger ones are streamed, since a Worker has 128 MB for all requests. */
const WHOLE_BYTES = 4 * 1024 * 1024;
/** A stage of another isolate may be in use while its image arrives. One this old was left behind. */
const STAGE_LIFE_MS = 60 * 60 * 1000;

export interface R2BlobDriverOptions {
  /** The folder inside the bucket, with a slash at its end. */
  readonly prefix: string;
  readonly clock: Pick<Clock, 'now' | 'uuid'>;
}

/** Blobs in an R2 bucket. R2 itself checks the SHA-256 of every object, so an object is what its name says. */
export class R2BlobDriver implements BlobDriver {
  readonly provesItself = true;
  readonly #bucket: R2Bucket;
  readonly #blobs: string;
  readonly #stages: string;
  readonly #trash: string;
  readonly #clock: Pick<Clock, 'now' | 'uuid'>;
  readonly #open = new Set<BlobStage>();

  constructor(bucket: R2Bucket, { prefix, clock }: R2BlobDriverOptions) {
    this.#bucket = bucket;
    this.#blobs = prefix;
    this.#stages = `stages/${prefix}`;
    this.#trash = `trash/${prefix}`;
    this.#clock = clock;
  }

  async stage(): Promise<BlobStage> {
    const stage = new R2BlobStage(this.#bucket, {
      stageKey: `${this.#stages}${this.#clock.uuid()}`,
      keyOf: (digest) => this.#blobs + digest,
      onEnd: () => this.#open.delete(stage),
    });
    this.#open.add(stage);
    return stage;
  }

  read(digest: string, range?: ByteRange): Promise<BlobContent | undefined> {
    return translated(async () => {
      const object = await this.#bucket.get(this.#blobs + digest, rangeOption(range));
      if (object === null) return undefined;
      if (range !== undefined && range.end >= object.size) {
        await object.body.cancel();
        throw new AppError('storage_failed', 'A range beyond the end of a blob was asked for.');
      }
      const length = range === undefined ? object.size : range.end - range.start + 1;
      const body = length <= WHOLE_BYTES ? new Uint8Array(await object.arrayBuffer()) : inChunks(object);
      return { size: object.size, body };
    });
  }

  size(digest: string): Promise<number | undefined> {
    return translated(async () => (await this.#bucket.head(this.#blobs + digest))?.size);
  }

  delete(digest: string): Promise<void> {
    return translated(() => this.#bucket.delete(this.#blobs + digest));
  }

  discard(digest: string): Promise<void> {
    return translated(async () => {
      await this.#move(this.#blobs + digest, this.#trash + digest);
    });
  }

  recover(digest: string): Promise<boolean> {
    return translated(() => this.#move(this.#trash + digest, this.#blobs + digest));
  }

  async pruneDiscarded(before: number, maxBytes: number): Promise<number> {
    const held = [];
    for await (const object of this.#objects(this.#trash)) held.push(object);
    held.sort((a, b) => b.uploaded.getTime() - a.uploaded.getTime());
    let kept = 0;
    for (const { key, size, uploaded } of held) {
      if (uploaded.getTime() >= before && kept + size <= maxBytes) kept += size;
      else await translated(() => this.#bucket.delete(key));
    }
    return kept;
  }

  /** R2 has no rename. */
  async #move(from: string, to: string): Promise<boolean> {
    const object = await this.#bucket.get(from);
    if (object === null) return false;
    await this.#bucket.put(to, object.body);
    await this.#bucket.delete(from);
    return true;
  }

  async *list(): ReturnType<BlobDriver['list']> {
    for await (const { key, size, uploaded } of this.#objects(this.#blobs)) {
      yield { digest: key.slice(this.#blobs.length), size, modifiedAt: uploaded.getTime() };
    }
  }

  async sweepStages(): Promise<number> {
    let swept = this.#open.size;
    for (const stage of this.#open) await stage.discard();
    for await (const { key, uploaded } of this.#objects(this.#stages)) {
      if (this.#clock.now() - uploaded.getTime() < STAGE_LIFE_MS) continue;
      await translated(() => this.#bucket.delete(key));
      swept += 1;
    }
    return swept;
  }

  check(): Promise<void> {
    return translated(async () => {
      // A new name each time: R2 takes one write per second under one name.
      const key = `${this.#stages}check-${this.#clock.uuid()}`;
      await this.#bucket.put(key, 'ok');
      const found = await this.#bucket.get(key);
      const text = await found?.text();
      await this.#bucket.delete(key);
      if (text !== 'ok') throw new Error('the bucket does not give back what was written');
    });
  }

  async *#objects(prefix: string) {
    let cursor: string | undefined;
    do {
      const page = await translated(() =>
        this.#bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) }),
      );
      yield* page.objects;
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
  }
}

function rangeOption(range: ByteRange | undefined) {
  return range === undefined ? {} : { range: { offset: range.start, length: range.end - range.start + 1 } };
}

async function* inChunks(object: R2ObjectBody): AsyncGenerator<Uint8Array, void, undefined> {
  // Ending the iteration early cancels the stream.
  yield* object.body.values();
}
