import { beforeEach, describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import type { ByteRange } from '../../../src/core/bytes/range.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { BlobContent, BlobDriver, BlobStage } from '../../../src/ports/blob-driver.ts';
import { BlobStore } from '../../../src/services/blobs/blob-store.ts';
import { bytesOf, digestOf, put } from '../../conformance/blob-driver.ts';
import { png, SAMPLE_IMAGES } from '../../support/data/sample-images.ts';

const MIB = 1024 * 1024;
const PNG = png(24, 17);
const LIMITS = { maxBytes: 32 * MIB };

/** Counts what is asked of the driver underneath, and lets a test hold back its reads. */
class WatchedDriver extends MemoryBlobDriver {
  reads = 0;
  sizes = 0;
  gate: Promise<void> = Promise.resolve();

  override async read(digest: string, range?: ByteRange): Promise<BlobContent | undefined> {
    this.reads += 1;
    const content = await super.read(digest, range);
    await this.gate;
    return content;
  }

  override async size(digest: string): Promise<number | undefined> {
    this.sizes += 1;
    return super.size(digest);
  }
}

/** A promise and its switch. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function* chunked(bytes: Uint8Array, size = 100): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

let now: number;
let chance: number;
let driver: WatchedDriver;
let blobs: BlobStore;

function openStore(over: BlobDriver, memoryBytes?: number): BlobStore {
  const options = memoryBytes === undefined ? {} : { memoryBytes };
  return new BlobStore(
    {
      driver: over,
      hasher: nativeHasher,
      probe: imageProbe,
      clock: { monotonic: () => now, random: () => chance },
    },
    options,
  );
}

beforeEach(() => {
  now = 1_750_000_000_000;
  chance = 0.5;
  driver = new WatchedDriver({ now: () => now });
  blobs = openStore(driver);
});

async function committedCount(): Promise<number> {
  let count = 0;
  for await (const _ of blobs.list()) count += 1;
  return count;
}

describe('receiving an image', () => {
  it.each(SAMPLE_IMAGES)('judges $mediaType and stores it on commit', async ({ bytes, ...info }) => {
    const staged = await blobs.receive(chunked(bytes), LIMITS);
    expect(staged).toMatchObject({ ...info, digest: digestOf(bytes), size: bytes.length });
    expect(await blobs.read(staged.digest)).toBeUndefined();
    await staged.commit();
    expect(await bytesOf(await blobs.read(staged.digest))).toEqual(bytes);
    expect(driver.openStages).toBe(0);
  });

  it('drops it on discard', async () => {
    const staged = await blobs.receive(chunked(PNG), LIMITS);
    await staged.discard();
    expect(driver.openStages).toBe(0);
    expect(await committedCount()).toBe(0);
  });

  it('takes one of exactly the largest size and of the declared length', async () => {
    const limits = { maxBytes: PNG.length, declaredBytes: PNG.length };
    expect((await blobs.receive(chunked(PNG), limits)).size).toBe(PNG.length);
  });

  it('takes an image larger than what it keeps in memory', async () => {
    const bytes = png(2000, 1000, (row) => row % 251);
    const staged = await blobs.receive(chunked(bytes, 65_536), LIMITS);
    await staged.commit();
    expect(staged).toMatchObject({ digest: digestOf(bytes), width: 2000, height: 1000 });
  });

  it.each([
    ['is larger than allowed', PNG, { maxBytes: PNG.length - 1 }, `larger than ${PNG.length - 1} bytes`],
    ['is declared larger than allowed', PNG, { maxBytes: 400, declaredBytes: 401 }, 'larger than 400 bytes'],
    ['ends early', PNG, { maxBytes: MIB, declaredBytes: PNG.length + 1 }, `after ${PNG.length} bytes`],
    ['goes on after its length', PNG, { maxBytes: MIB, declaredBytes: PNG.length - 1 }, 'were declared'],
    ['is cut off without a declared length', PNG.subarray(0, -5), LIMITS, 'cut off'],
    ['is no image', new TextEncoder().encode('<html></html>'), LIMITS, 'no image'],
    ['is empty', new Uint8Array(0), LIMITS, 'no image'],
  ])('refuses what %s, and keeps nothing', async (_, bytes, limits, message) => {
    const received = blobs.receive(chunked(bytes), limits);
    await expect(received).rejects.toMatchObject({
      code: message.startsWith('larger') ? 'image_too_large' : 'upstream_invalid',
      message: expect.stringContaining(message),
    });
    expect(driver.openStages).toBe(0);
    expect(await committedCount()).toBe(0);
  });

  it('stops reading as soon as it is too much', async () => {
    let read = 0;
    let ended = false;
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for (; read < 1000; read += 1) yield new Uint8Array(1000);
      } finally {
        ended = true;
      }
    }
    await expect(blobs.receive(endless(), { maxBytes: 5500 })).rejects.toMatchObject({
      code: 'image_too_large',
    });
    expect(read).toBe(5);
    expect(ended).toBe(true);
  });

  it('turns a source that breaks off into upstream_invalid, with its error as the cause', async () => {
    const cause = new Error('connection reset');
    async function* breaking(): AsyncGenerator<Uint8Array, void, undefined> {
      yield PNG.subarray(0, 50);
      throw cause;
    }
    await expect(blobs.receive(breaking(), LIMITS)).rejects.toMatchObject({
      code: 'upstream_invalid',
      cause,
    });
    expect(driver.openStages).toBe(0);
  });

  it('passes on an AppError of the source', async () => {
    async function* slow(): AsyncGenerator<Uint8Array, void, undefined> {
      yield PNG.subarray(0, 50);
      throw new AppError('upstream_timeout', 'too slow');
    }
    await expect(blobs.receive(slow(), LIMITS)).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('rejects with the reason when the signal aborts, even while the source says nothing', async () => {
    const controller = new AbortController();
    const waiting = gate();
    async function* silent(): AsyncGenerator<Uint8Array, void, undefined> {
      yield PNG.subarray(0, 50);
      waiting.open();
      await new Promise(() => {});
    }
    const received = blobs.receive(silent(), LIMITS, controller.signal);
    await waiting.opened;
    controller.abort(new Error('nobody wants it'));
    await expect(received).rejects.toThrow('nobody wants it');
    expect(driver.openStages).toBe(0);
  });

  it('takes nothing when the signal has aborted before', async () => {
    const received = blobs.receive(chunked(PNG), LIMITS, AbortSignal.abort(new Error('too late')));
    await expect(received).rejects.toThrow('too late');
    expect(driver.openStages).toBe(0);
  });

  it('is not disturbed by a signal that never aborts', async () => {
    const { signal } = new AbortController();
    expect((await blobs.receive(chunked(PNG), LIMITS, signal)).digest).toBe(digestOf(PNG));
  });

  it('leaves errors of the store what they are, and discards', async () => {
    class FullDriver extends MemoryBlobDriver {
      override async stage(): Promise<BlobStage> {
        const stage = await super.stage();
        stage.write = () => Promise.reject(new AppError('storage_full', 'full'));
        return stage;
      }
    }
    const full = new FullDriver({ now: () => now });
    await expect(openStore(full).receive(chunked(PNG), LIMITS)).rejects.toMatchObject({
      code: 'storage_full',
    });
    expect(full.openStages).toBe(0);
  });
});

describe('when no stage can be opened', () => {
  it('the source is ended all the same', async () => {
    let ended = false;
    async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        yield PNG;
      } finally {
        ended = true;
      }
    }
    driver.stage = () => Promise.reject(new AppError('storage_full', 'full'));
    await expect(blobs.receive(source(), LIMITS)).rejects.toMatchObject({ code: 'storage_full' });
    expect(ended).toBe(true);
  });
});

describe('reading', () => {
  it('does not serve a damaged blob, and does once it was stored again', async () => {
    const stage = await driver.stage();
    await stage.write(Uint8Array.of(1, 2, 3));
    await stage.commit(digestOf(PNG), 3);
    expect(await blobs.read(digestOf(PNG))).toBeUndefined();
    const staged = await blobs.receive(chunked(PNG), LIMITS);
    await staged.commit();
    expect(await bytesOf(await blobs.read(staged.digest))).toEqual(PNG);
  });

  it('knows nothing of a blob that is not there', async () => {
    expect(await blobs.read('f'.repeat(64))).toBeUndefined();
    expect(await blobs.read('f'.repeat(64), { start: 0, end: 0 })).toBeUndefined();
  });

  it('serves a small blob from memory the second time, ranges too', async () => {
    const digest = await put(driver, PNG);
    await blobs.read(digest);
    expect(await bytesOf(await blobs.read(digest))).toEqual(PNG);
    const part = await blobs.read(digest, { start: 10, end: 19 });
    expect(part?.size).toBe(PNG.length);
    expect(await bytesOf(part)).toEqual(PNG.subarray(10, 20));
    expect(driver.reads).toBe(1);
  });

  it('reads a small blob whole for the first range, and asks the driver for the range of one that is proven', async () => {
    const forgetful = openStore(driver, 0);
    const digest = await put(driver, PNG);
    const asked: (ByteRange | undefined)[] = [];
    const read = driver.read.bind(driver);
    driver.read = (name, range) => {
      asked.push(range);
      return read(name, range);
    };
    const range = { start: 1, end: 3 };
    for (let time = 0; time < 2; time += 1) {
      expect(await bytesOf(await forgetful.read(digest, range))).toEqual(PNG.subarray(1, 4));
    }
    expect(asked).toEqual([undefined, range]);
  });

  it('shares one read among those who ask at the same time', async () => {
    const digest = await put(driver, PNG);
    const { opened, open } = gate();
    driver.gate = opened;
    const readers = Array.from({ length: 20 }, () => blobs.read(digest));
    open();
    for (const content of await Promise.all(readers)) expect(await bytesOf(content)).toEqual(PNG);
    expect(driver.reads).toBe(1);
  });

  it('gives each of them a stream of its own when the blob is large', async () => {
    const large = new Uint8Array(5 * MIB).fill(7);
    const digest = await put(driver, large);
    const contents = await Promise.all([1, 2, 3].map(() => blobs.read(digest)));
    for (const content of contents) expect(digestOf(await bytesOf(content))).toBe(digest);
    await blobs.read(digest);
    expect(driver.reads).toBe(4);
  });

  it('collects a small blob that its driver streams', async () => {
    class StreamingDriver extends WatchedDriver {
      override async read(digest: string, range?: ByteRange): Promise<BlobContent | undefined> {
        const content = await super.read(digest, range);
        return content?.body instanceof Uint8Array
          ? { size: content.size, body: chunked(content.body) }
          : content;
      }
    }
    const streaming = new StreamingDriver({ now: () => now });
    const store = openStore(streaming);
    const digest = await put(streaming, PNG);
    const contents = await Promise.all([store.read(digest), store.read(digest)]);
    for (const content of contents) expect(content?.body).toEqual(PNG);
    expect((await store.read(digest))?.body).toEqual(PNG);
    expect(streaming.reads).toBe(1);
  });

  it('keeps no more bytes than it may, the most recently used ones', async () => {
    const store = openStore(driver, 2500);
    const digests: string[] = [];
    for (const value of [1, 2, 3]) digests.push(await put(driver, new Uint8Array(1000).fill(value)));
    for (const digest of digests) await store.read(digest);
    expect(driver.reads).toBe(3);
    for (const digest of digests.slice(1)) await store.read(digest);
    expect(driver.reads).toBe(3);
    await store.read(digests[0] ?? '');
    expect(driver.reads).toBe(4);
  });

  it('keeps nothing when it may keep nothing', async () => {
    const store = openStore(driver, 0);
    const digest = await put(driver, PNG);
    await store.read(digest);
    expect(await bytesOf(await store.read(digest))).toEqual(PNG);
    expect(driver.reads).toBe(2);
  });

  it('does not serve from memory what was deleted, nor what was deleted while it was read', async () => {
    const digest = await put(driver, PNG);
    await blobs.read(digest);
    await blobs.delete(digest);
    expect(await blobs.read(digest)).toBeUndefined();

    await put(driver, PNG);
    const { opened, open } = gate();
    driver.gate = opened;
    const reading = blobs.read(digest);
    await blobs.delete(digest);
    open();
    expect(await bytesOf(await reading)).toEqual(PNG);
    expect(await blobs.read(digest)).toBeUndefined();
  });

  it('a failed read reaches all who wait for it, and the next one tries again', async () => {
    const digest = await put(driver, PNG);
    driver.gate = Promise.reject(new AppError('storage_failed', 'unreadable'));
    const readers = await Promise.allSettled([blobs.read(digest), blobs.read(digest)]);
    for (const reader of readers)
      expect(reader).toMatchObject({ status: 'rejected', reason: { code: 'storage_failed' } });
    driver.gate = Promise.resolve();
    expect(await bytesOf(await blobs.read(digest))).toEqual(PNG);
  });
});

describe('presence', () => {
  it('asks the driver once a second at most', async () => {
    const digest = await put(driver, PNG);
    expect(await blobs.has(digest)).toBe(true);
    now += 999;
    expect(await blobs.has(digest)).toBe(true);
    expect(driver.sizes).toBe(1);
    now += 1;
    expect(await blobs.has(digest)).toBe(true);
    expect(driver.sizes).toBe(2);
  });

  it('asks again after forget', async () => {
    const digest = await put(driver, PNG);
    await blobs.has(digest);
    blobs.forget(digest);
    await blobs.has(digest);
    expect(driver.sizes).toBe(2);
  });

  it('never remembers absence', async () => {
    const digest = digestOf(PNG);
    expect(await blobs.has(digest)).toBe(false);
    await put(driver, PNG);
    expect(await blobs.has(digest)).toBe(true);
  });

  it('knows at once what it committed or deleted itself', async () => {
    const staged = await blobs.receive(chunked(PNG), LIMITS);
    await staged.commit();
    expect(await blobs.has(staged.digest)).toBe(true);
    expect(driver.sizes).toBe(0);
    await blobs.delete(staged.digest);
    expect(await blobs.has(staged.digest)).toBe(false);
  });

  it('drops from memory what turns out to be gone', async () => {
    const digest = await put(driver, PNG);
    await blobs.read(digest);
    await driver.delete(digest);
    expect(await blobs.has(digest)).toBe(false);
    expect(await blobs.read(digest)).toBeUndefined();
  });
});

describe('the store as a whole', () => {
  it('lists and checks what the driver does', async () => {
    const digest = await put(driver, PNG);
    const found: string[] = [];
    for await (const blob of blobs.list()) found.push(blob.digest);
    expect(found).toEqual([digest]);
    driver.check = () => Promise.reject(new AppError('storage_failed', 'read-only'));
    await expect(blobs.check()).rejects.toMatchObject({ code: 'storage_failed' });
  });
});

describe('bytes that rotted on the disk', () => {
  /** Other bytes of the same length under the digest. */
  async function rot(bytes: Uint8Array): Promise<string> {
    const digest = await put(driver, bytes);
    const rotten = new Uint8Array(bytes);
    rotten[rotten.length >> 1] = (rotten[rotten.length >> 1] ?? 0) ^ 1;
    const stage = await driver.stage();
    await stage.write(rotten);
    await stage.commit(digest, rotten.length);
    return digest;
  }

  it('are found when they are read for the first time, and are as good as none from then on', async () => {
    const digest = await rot(PNG);
    expect(await blobs.has(digest, PNG.length)).toBe(true);
    expect(await blobs.read(digest)).toBeUndefined();
    expect(await blobs.has(digest, PNG.length)).toBe(false);
    expect(blobs.wasThere(digest, PNG.length)).toBe(false);
    expect(await blobs.read(digest, { start: 0, end: 3 })).toBeUndefined();
  });

  it('are found when a part of them is read', async () => {
    const digest = await rot(PNG);
    expect(await blobs.read(digest, { start: 0, end: 3 })).toBeUndefined();
  });

  it('break a stream off before its end', async () => {
    const digest = await rot(new Uint8Array(5 * MIB));
    const content = await blobs.read(digest);
    let bytes = 0;
    const read = async () => {
      for await (const chunk of content?.body instanceof Uint8Array ? [] : (content?.body ?? []))
        bytes += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: 'storage_failed' });
    expect(bytes).toBeLessThan(5 * MIB);
    expect(await blobs.has(digest, 5 * MIB)).toBe(false);
  });

  it('count again when they are written anew, or were put right by hand', async () => {
    const digest = await rot(PNG);
    expect(await blobs.read(digest)).toBeUndefined();
    const staged = await blobs.receive(chunked(PNG), LIMITS);
    await staged.commit();
    expect(await blobs.readAll(digest)).toEqual(PNG);

    await rot(PNG);
    expect(await blobs.isIntact({ digest, size: PNG.length })).toBe(false);
    expect(await blobs.has(digest, PNG.length)).toBe(false);
    await put(driver, PNG);
    expect(await blobs.isIntact({ digest, size: PNG.length })).toBe(true);
    expect(await blobs.has(digest, PNG.length)).toBe(true);
  });

  it('are found by a sample when they were right before', async () => {
    const forgetful = openStore(driver, 0);
    const digest = await put(driver, PNG);
    expect(await forgetful.readAll(digest)).toEqual(PNG);
    await rot(PNG);
    expect(await forgetful.readAll(digest)).toBeDefined();
    chance = 0;
    expect(await forgetful.readAll(digest)).toBeUndefined();
  });
});
