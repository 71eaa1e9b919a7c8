import { cp, mkdir, mkdtemp, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../src/node-metadata.ts';
import { EntryStore } from '../src/services/entries/entry-store.ts';
import { newEntry } from './support/data/entries.ts';

let data: string;
const file = (name: string) => join(data, name);

/** What a server does between its start and its end: stores one image. */
async function serve(): Promise<void> {
  const { database, close } = await openStore(data);
  const entry = await new EntryStore(database).insert(newEntry({}));
  const digest = entry.images[0]?.digest ?? '';
  const shard = join(data, 'blobs', digest.slice(0, 2), digest.slice(2, 4));
  await mkdir(shard, { recursive: true });
  await writeFile(join(shard, digest), 'an image');
  close();
}

async function refusal(): Promise<string> {
  const before = await readdir(data, { recursive: true });
  const failure = await openStore(data).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: 'config', message: expect.stringContaining(data) });
  const isOurs = (name: string) => !/-wal$|-shm$|^owner\./.test(name);
  // Nothing was made that would pass for what is missing, and no image went.
  expect((await readdir(data, { recursive: true })).filter(isOurs).sort()).toEqual(
    before.filter(isOurs).sort(),
  );
  return failure instanceof Error ? failure.message : '';
}

beforeEach(async () => {
  data = join(await mkdtemp(join(tmpdir(), 'dashcache-parts-')), 'data');
  const place = data;
  onTestFinished(() => rm(join(place, '..'), { recursive: true }));
  await serve();
});

describe('a data folder', () => {
  it('is opened again as it was left', async () => {
    for (let time = 0; time < 3; time += 1) (await openStore(data)).close();
  });

  it('of the time before there were markers is marked', async () => {
    await rm(file('store.json'));
    await rm(file('blobs/store.json'));
    const { database, close } = await openStore(data);
    database.mark({ store: 0, starts: 0 });
    close();
    await rm(file('store.json'));
    await rm(file('blobs/store.json'));
    (await openStore(data)).close();
    expect(await readdir(data)).toContain('store.json');
  });

  it('that a crash left between two of its marks is opened', async () => {
    const { database, close } = await openStore(data);
    const { store, starts } = database.marker();
    database.mark({ store, starts: starts + 1 });
    close();
    (await openStore(data)).close();
  });
});

describe('a data folder is refused, and left as it is,', () => {
  it.each([
    ['deleted', () => rm(file('dashcache.sqlite'))],
    ['empty', () => truncate(file('dashcache.sqlite'))],
  ])('when its rows are %s', async (_, lose) => {
    await lose();
    expect(await refusal()).toMatch(
      /dashcache.sqlite is missing or empty.*dashcache restore.*dashcache repair/s,
    );
  });

  it('when its rows and its marker are gone', async () => {
    await rm(file('dashcache.sqlite'));
    await rm(file('store.json'));
    await rm(file('secret'));
    expect(await refusal()).toContain('missing or empty');
  });

  it('when its rows were made anew', async () => {
    const other = await mkdtemp(join(tmpdir(), 'dashcache-other-'));
    onTestFinished(() => rm(other, { recursive: true }));
    (await openStore(other)).close();
    await cp(join(other, 'dashcache.sqlite'), file('dashcache.sqlite'));
    expect(await refusal()).toContain('another store');
  });

  it('when its rows are an old copy', async () => {
    await cp(file('dashcache.sqlite'), file('old.sqlite'));
    await serve();
    await cp(file('old.sqlite'), file('dashcache.sqlite'));
    expect(await refusal()).toContain('older than the rest');
  });

  it('when a crash lost the log of its rows', async () => {
    const { database } = await openStore(data);
    await new EntryStore(database).insert(newEntry({}));
    const crashed = join(data, '..', 'crashed');
    await cp(data, crashed, { recursive: true, filter: (path) => !/-wal$|-shm$|owner\.lock/.test(path) });
    database.close();
    data = crashed;
    expect(await refusal()).toContain('-wal');
  });

  it('when its rows are damaged', async () => {
    await writeFile(file('dashcache.sqlite'), 'x'.repeat(4096), { flag: 'r+' });
    expect(await refusal()).toContain('damaged');
  });

  it('when a page in the middle of its rows is damaged', async () => {
    const { database, close } = await openStore(data);
    const entries = new EntryStore(database);
    for (let count = 0; count < 200; count += 1) await entries.insert(newEntry({}));
    close();
    const handle = await import('node:fs/promises').then(({ open }) => open(file('dashcache.sqlite'), 'r+'));
    const { size } = await handle.stat();
    await handle.write(Buffer.alloc(8192, 0x55), 0, 8192, size - 16_384);
    await handle.close();
    expect(await refusal()).toContain('damaged');
  });

  it('when its secret is lost', async () => {
    await rm(file('secret'));
    expect(await refusal()).toContain('"secret" is missing');
  });

  it.each([
    ['away', () => rename(file('blobs'), file('elsewhere'))],
    [
      'an empty mount point',
      async () => {
        await rename(file('blobs'), file('elsewhere'));
        await mkdir(file('blobs'));
      },
    ],
  ])('when its images are %s', async (_, lose) => {
    await lose();
    expect(await refusal()).toContain('may not be mounted');
  });

  it('when its marker is damaged', async () => {
    await writeFile(file('store.json'), '{');
    expect(await refusal()).toContain('store.json is damaged');
  });
});

it('whoever says so goes on with what is left', async () => {
  await rm(file('secret'));
  await rm(file('dashcache.sqlite'));
  (await openStore(data, { repairs: true })).close();
  (await openStore(data)).close();
});
