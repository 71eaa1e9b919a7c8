import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { BlobDriver } from '../../../src/ports/blob-driver.ts';
import { Thumbnails } from '../../../src/services/inventory/thumbnails.ts';
import { png } from '../../support/data/sample-images.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { Machine, type StoreBench } from '../../support/servers/store-bench.ts';

const SMALL = new Uint8Array([1, 2, 3]);
const NONE = '0'.repeat(64);

let machine: Machine;
let bench: StoreBench;
/** The pictures that thumbnails were made of, by their length. */
let made: number[];
beforeEach(async () => {
  machine = await Machine.open();
  bench = machine.start();
  made = [];
});
afterEach(() => machine.close());

function thumbnails(
  make: () => Promise<Uint8Array | undefined> = async () => SMALL,
  driver: BlobDriver = bench.thumbnails,
): Thumbnails {
  const { entries, blobs, lock, reporter } = bench;
  const thumbnailer = {
    make: (picture: Uint8Array) => {
      made.push(picture.length);
      return make();
    },
  };
  return new Thumbnails({ entries, blobs, making: { driver, thumbnailer }, lock, reporter });
}

async function keptDigest(name = 'fox'): Promise<string> {
  const { images } = await bench.keep(name, png(30, 20 + name.length));
  return images[0]?.digest ?? '';
}

describe('thumbnails', () => {
  it('are made once, and kept beside the picture, which stays as it is', async () => {
    const digest = await keptDigest();
    const picture = await bench.blobs.readAll(digest);
    for (const service of [thumbnails(), thumbnails()]) {
      expect(await service.read(digest)).toEqual({ size: 3, body: SMALL });
    }
    expect(made).toHaveLength(1);
    expect(await bench.blobs.readAll(digest)).toEqual(picture);
  });

  it('are none where a runtime makes none, and no picture is read for them', async () => {
    const digest = await keptDigest();
    const { entries, lock, reporter } = bench;
    const blobs = { readAll: () => Promise.reject(new Error('it is not to be read')) };
    const service = new Thumbnails({ entries, blobs, making: undefined, lock, reporter });
    expect(await service.read(digest)).toBeUndefined();
  });

  it('are made once for all who ask at once', async () => {
    const digest = await keptDigest();
    const gate = createGate();
    const service = thumbnails(() => gate.opened.then(() => SMALL));
    const all = Promise.all(Array.from({ length: 5 }, () => service.read(digest)));
    gate.open();
    expect(new Set((await all).map((content) => content?.size))).toEqual(new Set([3]));
    expect(made).toHaveLength(1);
  });

  it('are none of what is no picture here, or cannot be read', async () => {
    const service = thumbnails(async () => undefined);
    expect(await service.read(NONE)).toBeUndefined();
    expect(made).toEqual([]);
    expect(await service.read(await keptDigest())).toBeUndefined();
    expect(bench.thumbnails.byteCount).toBe(0);
  });

  it('go with their pictures', async () => {
    const digest = await keptDigest();
    await thumbnails().read(digest);
    expect(bench.thumbnails.byteCount).toBe(3);
    await bench.garbageCollector({ maxBytes: 0 }).runOnce();
    expect(bench.thumbnails.byteCount).toBe(0);
    expect(await thumbnails().read(digest)).toBeUndefined();
  });

  it('leave nothing behind when the picture goes while they are made', async () => {
    const digest = await keptDigest();
    const begun = createGate();
    const gate = createGate();
    const reading = thumbnails(() => {
      begun.open();
      return gate.opened.then(() => SMALL);
    }).read(digest);
    await begun.opened;
    await bench.garbageCollector({ maxBytes: 0 }).runOnce();
    gate.open();
    await reading;
    expect(bench.thumbnails.byteCount).toBe(0);
  });

  it('are made no more once the server stops, which waits for the one that is being made', async () => {
    const [fox, crow] = [await keptDigest('fox'), await keptDigest('crow')];
    const begun = createGate();
    const gate = createGate();
    const service = thumbnails(() => {
      begun.open();
      return gate.opened.then(() => SMALL);
    });
    const reading = [service.read(fox), service.read(crow)];
    await begun.opened;
    let isClosed = false;
    const closing = service.close().then(() => {
      isClosed = true;
    });
    await Promise.resolve();
    expect(isClosed).toBe(false);
    gate.open();
    await closing;
    expect((await Promise.all(reading)).map((content) => content?.size)).toEqual([3, undefined]);
    expect(bench.thumbnails.byteCount).toBe(3);
  });

  it('are shown also where they cannot be kept; one that fails holds nobody up', async () => {
    const [fox, crow] = [await keptDigest('fox'), await keptDigest('crow')];
    const full = Object.assign(Object.create(bench.thumbnails), {
      read: async () => undefined,
      stage: () => Promise.reject(new AppError('storage_full', 'no room')),
    });
    expect((await thumbnails(undefined, full).read(fox))?.body).toEqual(SMALL);
    expect(bench.reporter.of('failure').map(({ where }) => where)).toEqual(['thumbnails']);
    const service = thumbnails(() => Promise.reject(new Error('broken')));
    expect(await Promise.allSettled([service.read(fox), service.read(crow)])).toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
  });
});
