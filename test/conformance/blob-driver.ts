import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes/concat-bytes.ts';
import type { BlobContent, BlobDriver } from '../../src/ports/blob-driver.ts';
import { pseudoRandomBytes } from './hasher.ts';

/** An empty store of one technology, and ways to look behind the driver. */
export interface BlobDriverFixture {
  readonly driver: BlobDriver;
  /** Another driver on the same store, as after a restart; the same driver where nothing survives one. */
  reopen(): BlobDriver;
  /** What is neither a committed blob nor part of the folder's shape: stages, descriptors. */
  leftovers(): Promise<readonly string[]>;
  /** Removes the store. */
  remove(): Promise<void>;
}

export const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** All bytes of an answer. */
export async function bytesOf(content: BlobContent | undefined): Promise<Uint8Array> {
  if (content === undefined) throw new Error('There is no such blob.');
  if (content.body instanceof Uint8Array) return new Uint8Array(content.body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.body) chunks.push(new Uint8Array(chunk));
  return concatBytes(chunks);
}

/** Stores bytes under their digest and returns it. */
export async function put(driver: BlobDriver, bytes: Uint8Array): Promise<string> {
  const stage = await driver.stage();
  await stage.write(bytes);
  const digest = digestOf(bytes);
  await stage.commit(digest, bytes.length);
  return digest;
}

async function listed(driver: BlobDriver): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const { digest, size } of driver.list()) {
    expect(found.has(digest)).toBe(false);
    found.set(digest, size);
  }
  return found;
}

const SMALL = new TextEncoder().encode('some bytes of a picture');
const ABSENT = 'f'.repeat(64);

/** What every `BlobDriver` must do. */
export function blobDriverConformance(name: string, open: () => Promise<BlobDriverFixture>): void {
  describe(`${name} as a blob driver`, () => {
    let fixture: BlobDriverFixture;
    let driver: BlobDriver;

    beforeEach(async () => {
      fixture = await open();
      driver = fixture.driver;
    });

    afterEach(async () => {
      const left = await fixture.leftovers();
      await fixture.remove();
      expect(left).toEqual([]);
    });

    it('gives back what was committed, after a restart too', async () => {
      const digest = await put(driver, SMALL);
      for (const reader of [driver, fixture.reopen()]) {
        const content = await reader.read(digest);
        expect(content?.size).toBe(SMALL.length);
        expect(await bytesOf(content)).toEqual(SMALL);
        expect(await reader.size(digest)).toBe(SMALL.length);
      }
    });

    it('knows nothing of a blob that is not there', async () => {
      expect(await driver.read(ABSENT)).toBeUndefined();
      expect(await driver.read(ABSENT, { start: 0, end: 1 })).toBeUndefined();
      expect(await driver.size(ABSENT)).toBeUndefined();
      expect(await listed(driver)).toEqual(new Map());
    });

    it('shows nothing before the commit', async () => {
      const stage = await driver.stage();
      await stage.write(SMALL);
      expect(await driver.read(digestOf(SMALL))).toBeUndefined();
      expect(await driver.size(digestOf(SMALL))).toBeUndefined();
      expect(await listed(driver)).toEqual(new Map());
      await stage.commit(digestOf(SMALL), SMALL.length);
      expect(await driver.size(digestOf(SMALL))).toBe(SMALL.length);
    });

    it('joins the chunks in order and has taken each when write resolves', async () => {
      const stage = await driver.stage();
      const chunk = new Uint8Array(3);
      for (const value of [1, 2, 3]) await stage.write(chunk.fill(value));
      await stage.write(new Uint8Array(0));
      const expected = Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3);
      await stage.commit(digestOf(expected), 9);
      expect(await bytesOf(await driver.read(digestOf(expected)))).toEqual(expected);
    });

    it('stores a blob of no bytes', async () => {
      const stage = await driver.stage();
      const digest = digestOf(new Uint8Array(0));
      await stage.commit(digest, 0);
      const content = await driver.read(digest);
      expect(content?.size).toBe(0);
      expect(await bytesOf(content)).toEqual(new Uint8Array(0));
      expect(await driver.size(digest)).toBe(0);
    });

    it.each([SMALL.length - 1, SMALL.length + 1, 0])(
      'refuses %i as the size and publishes nothing',
      async (size) => {
        const stage = await driver.stage();
        await stage.write(SMALL);
        await expect(stage.commit(digestOf(SMALL), size)).rejects.toMatchObject({ code: 'storage_failed' });
        expect(await listed(driver)).toEqual(new Map());
        expect(await fixture.leftovers()).toEqual([]);
      },
    );

    it('commits one digest twice, and a reader never misses it', async () => {
      const digest = await put(driver, SMALL);
      const second = await driver.stage();
      await second.write(SMALL);
      const [content] = await Promise.all([driver.read(digest), second.commit(digest, SMALL.length)]);
      expect(await bytesOf(content)).toEqual(SMALL);
      expect(await bytesOf(await driver.read(digest))).toEqual(SMALL);
      expect(await listed(driver)).toEqual(new Map([[digest, SMALL.length]]));
    });

    it('commits one digest from many stages at once', async () => {
      const digests = await Promise.all(Array.from({ length: 16 }, () => put(driver, SMALL)));
      expect(new Set(digests).size).toBe(1);
      expect(await bytesOf(await driver.read(digestOf(SMALL)))).toEqual(SMALL);
      expect(await listed(driver)).toEqual(new Map([[digestOf(SMALL), SMALL.length]]));
    });

    it('discards without a trace, as often as it is told', async () => {
      const stage = await driver.stage();
      await stage.write(SMALL);
      await stage.discard();
      await stage.discard();
      expect(await listed(driver)).toEqual(new Map());
      expect(await fixture.leftovers()).toEqual([]);
    });

    it('keeps a committed blob when its stage is discarded afterwards', async () => {
      const stage = await driver.stage();
      await stage.write(SMALL);
      await stage.commit(digestOf(SMALL), SMALL.length);
      await stage.discard();
      expect(await bytesOf(await driver.read(digestOf(SMALL)))).toEqual(SMALL);
    });

    it('takes nothing more into a stage that has ended', async () => {
      const stage = await driver.stage();
      await stage.discard();
      await expect(stage.write(SMALL)).rejects.toMatchObject({ code: 'storage_failed' });
      await expect(stage.commit(digestOf(SMALL), 0)).rejects.toMatchObject({ code: 'storage_failed' });
      expect(await listed(driver)).toEqual(new Map());
    });

    it('sweeps the stages of a crashed writer and nothing else', async () => {
      const digest = await put(driver, SMALL);
      const abandoned = [await driver.stage(), await driver.stage()];
      for (const stage of abandoned) await stage.write(SMALL);
      const restarted = fixture.reopen();
      expect(await restarted.sweepStages()).toBe(2);
      expect(await restarted.sweepStages()).toBe(0);
      expect(await listed(restarted)).toEqual(new Map([[digest, SMALL.length]]));
      for (const stage of abandoned) await stage.discard();
    });

    it('deletes, and does not mind a blob that is not there', async () => {
      const digest = await put(driver, SMALL);
      await driver.delete(digest);
      await driver.delete(digest);
      expect(await driver.read(digest)).toBeUndefined();
      expect(await driver.size(digest)).toBeUndefined();
      expect(await listed(driver)).toEqual(new Map());
      expect(await put(driver, SMALL)).toBe(digest);
      expect(await bytesOf(await driver.read(digest))).toEqual(SMALL);
    });

    it('discards out of sight, and brings back', async () => {
      const digest = await put(driver, SMALL);
      await driver.discard(digest);
      await driver.discard(digest);
      expect(await driver.read(digest)).toBeUndefined();
      expect(await driver.size(digest)).toBeUndefined();
      expect(await listed(driver)).toEqual(new Map());
      expect(await driver.recover(digest)).toBe(true);
      expect(await driver.recover(digest)).toBe(false);
      expect(await bytesOf(await driver.read(digest))).toEqual(SMALL);
    });

    it('keeps what was discarded for a time and within a bound', async () => {
      const digest = await put(driver, SMALL);
      await driver.discard(digest);
      expect(await driver.pruneDiscarded(0, SMALL.length)).toBe(SMALL.length);
      expect(await driver.recover(digest)).toBe(true);
      await driver.discard(digest);
      expect(await driver.pruneDiscarded(0, SMALL.length - 1)).toBe(0);
      expect(await driver.recover(digest)).toBe(false);
      await put(driver, SMALL);
      await driver.discard(digest);
      expect(await driver.pruneDiscarded(Number.MAX_SAFE_INTEGER, SMALL.length)).toBe(0);
      expect(await driver.recover(digest)).toBe(false);
    });

    it('lists exactly what is committed, with a time of change', async () => {
      const expected = new Map<string, number>();
      for (let index = 0; index < 40; index += 1) {
        const bytes = new TextEncoder().encode(`picture ${'x'.repeat(index)}`);
        expected.set(await put(driver, bytes), bytes.length);
      }
      const [gone = ''] = expected.keys();
      await driver.delete(gone);
      expected.delete(gone);
      expect(await listed(driver)).toEqual(expected);
      for await (const { modifiedAt } of driver.list()) expect(modifiedAt).toBeGreaterThan(0);
    });

    it('gives every range of a small blob', async () => {
      const digest = await put(driver, SMALL);
      for (let start = 0; start < SMALL.length; start += 1) {
        for (let end = start; end < SMALL.length; end += 1) {
          const content = await driver.read(digest, { start, end });
          expect(content?.size).toBe(SMALL.length);
          expect(await bytesOf(content)).toEqual(SMALL.slice(start, end + 1));
        }
      }
    });

    it('refuses a range beyond the end', async () => {
      const digest = await put(driver, SMALL);
      const range = { start: 0, end: SMALL.length };
      await expect(driver.read(digest, range)).rejects.toMatchObject({ code: 'storage_failed' });
    });

    it('finds itself in order', async () => {
      await driver.check();
      expect(await listed(driver)).toEqual(new Map());
    });

    describe('with a blob of 5 MiB', () => {
      const LARGE = pseudoRandomBytes(5 * 1024 * 1024 + 7);
      const EXPECTED = digestOf(LARGE);

      async function putLarge(): Promise<void> {
        const stage = await driver.stage();
        for (let at = 0; at < LARGE.length; at += 100_000)
          await stage.write(LARGE.subarray(at, at + 100_000));
        await stage.commit(EXPECTED, LARGE.length);
      }

      it('gives it back whole', async () => {
        await putLarge();
        const content = await driver.read(EXPECTED);
        expect(content?.size).toBe(LARGE.length);
        expect(digestOf(await bytesOf(content))).toBe(EXPECTED);
      });

      it.each([
        [0, LARGE.length - 1],
        [1, LARGE.length - 2],
        [0, 4 * 1024 * 1024 - 1],
        [3, 4 * 1024 * 1024 + 3],
        [262_143, 262_144],
        [LARGE.length - 1, LARGE.length - 1],
      ])('gives the range %i to %i', async (start, end) => {
        await putLarge();
        const bytes = await bytesOf(await driver.read(EXPECTED, { start, end }));
        expect(digestOf(bytes)).toBe(digestOf(LARGE.subarray(start, end + 1)));
      });

      it('leaves nothing open when a reader stops early, or never starts', async () => {
        await putLarge();
        const started = await driver.read(EXPECTED);
        if (started === undefined || started.body instanceof Uint8Array)
          throw new Error('It should be a stream.');
        for await (const chunk of started.body) {
          expect(digestOf(chunk)).toBe(digestOf(LARGE.subarray(0, chunk.length)));
          break;
        }
        expect(await fixture.leftovers()).toEqual([]);
        expect(await driver.read(EXPECTED)).toBeDefined();
        expect(await fixture.leftovers()).toEqual([]);
      });
    });
  });
}
