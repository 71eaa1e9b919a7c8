import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { R2BlobDriver } from '../../src/adapters/r2/blob-driver.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { blobDriverConformance, bytesOf, digestOf, put } from '../conformance/blob-driver.ts';
import { pseudoRandomBytes } from '../conformance/hasher.ts';

const open = () => new R2BlobDriver(env.BUCKET, { prefix: 'blobs/', clock: systemClock });

async function keys(prefix: string): Promise<string[]> {
  return (await env.BUCKET.list({ prefix })).objects.map(({ key }) => key);
}

async function empty(): Promise<void> {
  await env.BUCKET.delete(await keys(''));
}

blobDriverConformance('R2BlobDriver', async () => {
  const driver = open();
  return { driver, reopen: () => driver, leftovers: () => keys('stages/'), remove: empty };
});

describe('R2BlobDriver', () => {
  it('leaves the judgement of the bytes to R2, which refuses those of another digest', async () => {
    const driver = open();
    const stage = await driver.stage();
    await stage.write(new Uint8Array(10));
    const wrong = digestOf(new Uint8Array(9));
    await expect(stage.commit(wrong, 10)).rejects.toMatchObject({ code: 'storage_failed' });
    expect(await keys('')).toEqual([]);
  });

  it('keeps a part of a large picture in memory and the rest in the bucket, checked as a whole', async () => {
    const driver = open();
    const bytes = pseudoRandomBytes(11 * 1024 * 1024);
    const digest = digestOf(bytes);
    const wrong = await driver.stage();
    await wrong.write(bytes);
    await expect(wrong.commit('0'.repeat(64), bytes.length)).rejects.toMatchObject({
      code: 'storage_failed',
    });
    expect(await keys('')).toEqual([]);
    const stage = await driver.stage();
    for (let at = 0; at < bytes.length; at += 300_000) await stage.write(bytes.subarray(at, at + 300_000));
    await stage.commit(digest, bytes.length);
    expect(digestOf(await bytesOf(await driver.read(digest)))).toBe(digest);
    expect(await put(driver, bytes)).toBe(digest);
    expect(await keys('')).toEqual([`blobs/${digest}`]);
    await empty();
  });

  it('leaves nothing of a large picture that was given up', async () => {
    const driver = open();
    const stage = await driver.stage();
    await stage.write(new Uint8Array(11 * 1024 * 1024));
    await stage.discard();
    expect(await keys('')).toEqual([]);
  });

  it('lists more blobs than one page of R2 holds', async () => {
    const names = Array.from({ length: 1001 }, (_, index) => index.toString(16).padStart(64, '0'));
    for (let at = 0; at < names.length; at += 100)
      await Promise.all(names.slice(at, at + 100).map((name) => env.BUCKET.put(`blobs/${name}`, 'x')));
    const listed: string[] = [];
    for await (const { digest } of open().list()) listed.push(digest);
    expect(listed).toEqual(names);
    for (let at = 0; at < names.length; at += 500)
      await env.BUCKET.delete(names.slice(at, at + 500).map((name) => `blobs/${name}`));
  });

  it('sweeps stages that are older than any flight, and no younger ones', async () => {
    await env.BUCKET.put('stages/blobs/left', 'x');
    expect(await open().sweepStages()).toBe(0);
    const later = { ...systemClock, now: () => Date.now() + 61 * 60 * 1000 };
    const driver = new R2BlobDriver(env.BUCKET, { prefix: 'blobs/', clock: later });
    expect(await driver.sweepStages()).toBe(1);
    expect(await keys('')).toEqual([]);
  });
});
