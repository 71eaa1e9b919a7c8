import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { FsBlobDriver } from '../src/adapters/fs/blob-driver.ts';
import { backUp, repair, restore } from '../src/node-backup.ts';
import { openStore } from '../src/node-metadata.ts';
import { EntryStore } from '../src/services/entries/entry-store.ts';
import { digestOf, put } from './conformance/blob-driver.ts';
import { imageOf, newEntry } from './support/data/entries.ts';
import { png } from './support/data/sample-images.ts';

let data: string;
let copy: string;

beforeEach(async () => {
  const place = await mkdtemp(join(tmpdir(), 'dashcache-backup-'));
  onTestFinished(() => rm(place, { recursive: true }));
  [data, copy] = [join(place, 'data'), join(place, 'copy')];
});

/** Stores these images, each as an entry. */
async function fill(...widths: readonly number[]): Promise<void> {
  const { database, close } = await openStore(data);
  const [entries, driver] = [new EntryStore(database), new FsBlobDriver(join(data, 'blobs'))];
  for (const width of widths) {
    const bytes = png(width, 10);
    await put(driver, bytes);
    const image = imageOf(width, { digest: digestOf(bytes), size: bytes.length });
    await entries.insert(newEntry({ key: `k1:${width}`, images: [image] }));
  }
  close();
}

/** Digests of the images in a folder. */
async function imagesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, 'blobs'), { recursive: true });
  return names.map((name) => name.slice(-64)).filter((name) => /^[0-9a-f]{64}$/.test(name));
}

it('copies a store while somebody has it open, and what is new the next time', async () => {
  await fill(11, 12);
  const running = await openStore(data);
  await running.database.all({ sql: "update entries set prompt = 'in the log' returning 1", params: [] });
  expect(await backUp(data, copy)).toMatchObject({ images: 2, copied: 2, damaged: 0 });
  running.close();
  await fill(13);
  expect(await backUp(data, copy)).toMatchObject({ images: 3, copied: 1, damaged: 0 });
  const { database, close } = await openStore(copy);
  expect(await database.all({ sql: 'select count(*) as n from entries', params: [] })).toEqual([{ n: 3 }]);
  close();
  expect(await readFile(join(copy, 'secret'))).toEqual(await readFile(join(data, 'secret')));
});

it('does not copy damaged images, and says how many there are', async () => {
  await fill(11, 12);
  const [name = ''] = await imagesIn(data);
  await writeFile(new FsBlobDriver(join(data, 'blobs')).pathOf(name), 'x', { flag: 'r+' });
  expect(await backUp(data, copy)).toMatchObject({ images: 2, copied: 1, damaged: 1 });
  expect(await imagesIn(copy)).not.toContain(name);
});

it('brings everything back into an empty folder', async () => {
  await fill(11, 12);
  await backUp(data, copy);
  const secret = await readFile(join(data, 'secret'));
  await rm(data, { recursive: true });
  expect(await restore(copy, data)).toMatchObject({ images: 2, copied: 2, damaged: 0 });
  (await openStore(data)).close();
  expect(await readFile(join(data, 'secret'))).toEqual(secret);
  expect(await imagesIn(data)).toHaveLength(2);
});

it('brings the rows back beside newer images, and keeps those and the rows that were there', async () => {
  await fill(11);
  await backUp(data, copy);
  await fill(12);
  await truncate(join(data, 'dashcache.sqlite'));
  const restored = await restore(copy, data);
  expect(restored).toMatchObject({ images: 1, copied: 0, damaged: 0 });
  expect((await readdir(restored.replaced ?? '')).sort()).toEqual([
    'dashcache.sqlite',
    'secret',
    'store.json',
  ]);
  (await openStore(data)).close();
  expect(await imagesIn(data)).toHaveLength(2);
});

it('refuses a backup whose rows are damaged, and changes nothing', async () => {
  await fill(11);
  await backUp(data, copy);
  await writeFile(join(copy, 'dashcache.sqlite'), 'x'.repeat(4096), { flag: 'r+' });
  const before = await readFile(join(data, 'dashcache.sqlite'));
  await expect(restore(copy, data)).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining(copy),
  });
  expect(await readFile(join(data, 'dashcache.sqlite'))).toEqual(before);
  (await openStore(data)).close();
});

it.each([
  ['a folder that a server has', async () => (await openStore(data)).close],
  ['the backup itself', async () => undefined],
])('refuses to restore into %s', async (_, hold) => {
  await fill(11);
  await backUp(data, copy);
  const release = await hold();
  const target = release === undefined ? copy : data;
  await expect(restore(copy, target)).rejects.toMatchObject({ code: 'config' });
  release?.();
});

it('refuses to back up what is no store', async () => {
  await expect(backUp(data, copy)).rejects.toMatchObject({ code: 'config' });
});

it('repairs a folder without rows: its images are in the trash, not gone', async () => {
  await fill(11, 12);
  await backUp(data, copy);
  await rm(join(data, 'dashcache.sqlite'));
  await expect(openStore(data)).rejects.toMatchObject({ code: 'config' });
  expect(await repair(data)).toEqual({ folder: data, discarded: 2 });
  (await openStore(data)).close();
  expect(await readdir(join(data, 'blobs', 'trash'))).toHaveLength(2);
  await cp(join(copy, 'dashcache.sqlite'), join(data, 'dashcache.sqlite'));
  await repair(data);
  const driver = new FsBlobDriver(join(data, 'blobs'));
  for (const name of await readdir(join(data, 'blobs', 'trash')))
    expect(await driver.recover(name)).toBe(true);
});
