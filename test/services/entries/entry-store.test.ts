import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import type { SqlDatabase, SqlResult, SqlRow, SqlStatement } from '../../../src/ports/sql-database.ts';
import { EntryStore } from '../../../src/services/entries/entry-store.ts';
import { openMigrated } from '../../support/data/database.ts';
import { digestOf, imageOf, newEntry } from '../../support/data/entries.ts';

let database: BetterSqlite3Database;
let store: EntryStore;
beforeEach(async () => {
  database = await openMigrated();
  store = new EntryStore(database);
});
afterEach(() => database.close());

const count = async (table: string) =>
  (await database.all({ sql: `select count(*) as n from ${table}`, params: [] }))[0]?.n;

describe('an entry that was inserted', () => {
  it('is found whole, images in order, by this store and by one that starts anew', async () => {
    const entry = newEntry({
      prompt: '一只🐈‍⬛',
      images: [imageOf(2), imageOf(1), imageOf(2, { sourceUrl: undefined })],
    });
    const stored = await store.insert(entry);
    expect(stored).toMatchObject({
      id: 1,
      take: 1,
      usedAt: 1_000,
      hits: 0,
      pinned: false,
      images: entry.images,
    });
    expect(stored).not.toHaveProperty('references');
    expect(await store.findNewest(entry)).toEqual(stored);
    expect(await new EntryStore(database).findNewest(entry)).toEqual(stored);
    expect(await store.findTake(entry, 1)).toEqual(stored);
  });

  it('may lack all that upstream need not say', async () => {
    const entry = newEntry({
      usage: undefined,
      upstreamRequestId: undefined,
      cost: undefined,
      elapsedMs: undefined,
    });
    expect(await store.findNewest(await store.insert(entry))).toMatchObject({
      usage: undefined,
      upstreamRequestId: undefined,
      cost: undefined,
      elapsedMs: undefined,
    });
  });

  it('is not found at another site, scope or key, nor under a canonical text whose hash collides', async () => {
    const stored = await store.insert(newEntry());
    const strangers = [{ site: 'intl' }, { scope: 'bob' }, { key: 'k1:2' }, { canonical: '{}' }];
    for (const fresh of [true, false]) {
      // Once with the entry in memory, once without.
      const reader = fresh ? new EntryStore(database) : store;
      await store.findNewest(stored);
      for (const other of strangers) {
        expect(await reader.findNewest({ ...stored, ...other })).toBeUndefined();
        expect(await reader.findTake({ ...stored, ...other }, 1)).toBeUndefined();
        expect(await reader.listTakes({ ...stored, ...other })).toEqual([]);
      }
    }
  });

  it('lives beside one whose hash collides', async () => {
    const first = await store.insert(newEntry());
    const second = await store.insert(newEntry({ canonical: '{"other":true}', images: [imageOf(2)] }));
    expect(await store.findNewest(first)).toEqual(first);
    expect(await store.findNewest(second)).toEqual(second);
    expect(await store.findNewest(first)).toEqual(first);
    expect(await store.listTakes(first)).toEqual([1]);
    expect(await store.listTakes(second)).toEqual([2]);
  });

  it('needs an image', async () => {
    await expect(store.insert(newEntry({ images: [] }))).rejects.toMatchObject({ code: 'internal' });
    expect(await count('entries')).toBe(0);
  });

  it('keeps what it was drawn from', async () => {
    const { id } = await store.insert(
      newEntry({
        references: [
          { position: 0, field: 'input.images[0]', digest: digestOf(7) },
          { position: 1, field: 'input.images[1]', digest: digestOf(7) },
        ],
      }),
    );
    const rows = await database.all({ sql: 'select * from entry_references order by position', params: [] });
    expect(rows).toEqual([
      { entry_id: id, position: 0, field: 'input.images[0]', sha256: digestOf(7) },
      { entry_id: id, position: 1, field: 'input.images[1]', sha256: digestOf(7) },
    ]);
  });
});

describe('takes', () => {
  it('count up from 1, and the newest is the one stored last, whatever its number', async () => {
    const takes = [undefined, 5, undefined, 2, 2].map((take, index) =>
      newEntry({ take, images: [imageOf(index)], createdAt: index }),
    );
    const given: number[] = [];
    for (const entry of takes) {
      const stored = await store.insert(entry);
      given.push(stored.take);
      expect((await store.findNewest(entry))?.id).toBe(stored.id);
      expect((await store.findTake(entry, stored.take))?.images).toEqual(entry.images);
    }
    expect(given).toEqual([1, 5, 6, 2, 7]);
    expect(await store.listTakes(newEntry())).toEqual([1, 2, 5, 6, 7]);
    expect(await store.findTake(newEntry(), 3)).toBeUndefined();
  });

  it('are counted per site, scope and key', async () => {
    await store.insert(newEntry());
    for (const other of [{ site: 'intl' }, { scope: 'bob' }, { key: 'k1:2' }]) {
      expect((await store.insert(newEntry(other))).take).toBe(1);
    }
  });

  it('differ for entries inserted at once', async () => {
    const stored = await Promise.all(
      Array.from({ length: 10 }, (_, index) => store.insert(newEntry({ take: 3, images: [imageOf(index)] }))),
    );
    expect(stored.map((entry) => entry.take)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (const entry of stored) expect(await store.findTake(entry, entry.take)).toEqual(entry);
  });
});

describe('an insert', () => {
  it('runs the statements beside it in the same transaction', async () => {
    const also = { sql: 'insert into credentials values (?, ?)', params: ['f', 1] };
    await store.insert(newEntry(), [also]);
    expect(await count('credentials')).toBe(1);
    await expect(store.insert(newEntry({ images: [imageOf(2)] }), [also])).rejects.toMatchObject({
      code: 'constraint',
    });
    expect([await count('entries'), await count('images'), await count('blobs')]).toEqual([1, 1, 1]);
  });

  it('keeps the row of a blob that is there', async () => {
    await store.insert(newEntry({ createdAt: 1 }));
    await store.insert(newEntry({ createdAt: 2 }));
    expect(await count('blobs')).toBe(1);
    expect(await store.findBlob(digestOf(1))).toEqual({
      digest: digestOf(1),
      size: 1001,
      mediaType: 'image/png',
      width: 1024,
      height: 768,
      createdAt: 1,
    });
  });

  it('takes a hundred images and references', async () => {
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    const entry = newEntry({
      images: numbers.map((number) => imageOf(number)),
      references: numbers.map((position) => ({ position, field: 'f', digest: digestOf(position) })),
    });
    await store.insert(entry);
    expect((await store.findNewest(entry))?.images).toEqual(entry.images);
    expect(await count('entry_references')).toBe(100);
  });
});

describe('touch', () => {
  it('adds hits and moves the time of use forward only', async () => {
    const { id } = await store.insert(newEntry());
    const other = await store.insert(newEntry({ key: 'k1:2' }));
    await store.touch([
      { id, usedAt: 3_000, hits: 2 },
      { id, usedAt: 2_000, hits: 1 },
      { id: 99, usedAt: 5_000, hits: 1 },
    ]);
    await store.touch([{ id, usedAt: 500, hits: 1 }]);
    await store.touch([]);
    const reader = new EntryStore(database);
    expect(await reader.findNewest(newEntry())).toMatchObject({ usedAt: 3_000, hits: 4 });
    expect(await reader.findNewest(other)).toMatchObject({ usedAt: 1_000, hits: 0 });
  });

  it('takes a list of any length', async () => {
    const { id } = await store.insert(newEntry());
    await store.touch(Array.from({ length: 1_201 }, (_, index) => ({ id, usedAt: index, hits: 1 })));
    expect(await new EntryStore(database).findNewest(newEntry())).toMatchObject({
      usedAt: 1_200,
      hits: 1_201,
    });
  });
});

describe('delete', () => {
  it('takes the rows of the entry, and of the blobs that no entry shows any more', async () => {
    const first = await store.insert(newEntry({ images: [imageOf(1), imageOf(2), imageOf(1)] }));
    const second = await store.insert(
      newEntry({
        key: 'k1:2',
        images: [imageOf(2), imageOf(3)],
        references: [{ position: 0, field: 'f', digest: digestOf(1) }],
      }),
    );
    expect(await store.delete([first.id])).toEqual({
      entries: 1,
      blobs: [{ digest: digestOf(1), size: 1001 }],
    });
    expect(await store.findNewest(first)).toBeUndefined();
    expect(await store.findNewest(second)).toEqual(second);
    expect(await store.findBlob(digestOf(1))).toBeUndefined();
    const { entries, blobs } = await store.delete([second.id, first.id, 99]);
    expect(entries).toBe(1);
    expect(blobs.map((blob) => blob.digest).sort()).toEqual([digestOf(2), digestOf(3)]);
    for (const table of ['entries', 'images', 'entry_references', 'blobs'])
      expect(await count(table)).toBe(0);
  });

  it('returns a blob once, with the last entry that showed it', async () => {
    const entries = [
      await store.insert(newEntry()),
      await store.insert(newEntry()),
      await store.insert(newEntry()),
    ];
    const ids = entries.map((entry) => entry.id);
    expect((await store.delete(ids.slice(0, 2))).blobs).toEqual([]);
    expect((await store.delete(ids)).blobs).toEqual([{ digest: digestOf(1), size: 1001 }]);
    expect(await store.delete(ids)).toEqual({ entries: 0, blobs: [] });
    expect(await store.delete([])).toEqual({ entries: 0, blobs: [] });
  });

  it('makes an older take the newest again', async () => {
    const first = await store.insert(newEntry());
    const second = await store.insert(newEntry());
    expect(await store.findNewest(first)).toEqual(second);
    await store.delete([second.id]);
    expect(await store.findNewest(first)).toEqual(first);
    expect((await store.insert(newEntry())).id).toBe(3);
  });

  it('takes a list of any length', async () => {
    const ids: number[] = [];
    for (let index = 0; index < 1_100; index++) {
      ids.push((await store.insert(newEntry({ key: `k1:${index}`, images: [imageOf(index)] }))).id);
    }
    const { entries, blobs } = await store.delete(ids);
    expect([entries, blobs.length, await count('blobs')]).toEqual([1_100, 1_100, 0]);
  });
});

describe('what is kept in memory', () => {
  /** Counts reads, and holds their answers back while a gate is set. */
  class GatedDatabase implements SqlDatabase {
    reads = 0;
    gate: Promise<void> | undefined;

    async all(statement: SqlStatement): Promise<readonly SqlRow[]> {
      this.reads += 1;
      const { gate } = this;
      const rows = await database.all(statement);
      await gate;
      return rows;
    }

    batch(statements: readonly SqlStatement[]): Promise<readonly SqlResult[]> {
      return database.batch(statements);
    }
  }

  it('spares the database a found entry and a found blob, not a missing one', async () => {
    const gated = new GatedDatabase();
    const cached = new EntryStore(gated);
    for (let round = 0; round < 2; round++) {
      expect(await cached.findNewest(newEntry())).toBeUndefined();
      expect(await cached.findBlob(digestOf(1))).toBeUndefined();
    }
    expect(gated.reads).toBe(4);
    await store.insert(newEntry());
    for (let round = 0; round < 5; round++) {
      expect(await cached.findNewest(newEntry())).toBeDefined();
      expect(await cached.findBlob(digestOf(1))).toBeDefined();
    }
    expect(gated.reads).toBe(6);
  });

  it('is bounded in bytes', async () => {
    const gated = new GatedDatabase();
    const cached = new EntryStore(gated, { cacheBytes: 20_000 });
    const entries = [1, 2, 3].map((number) => newEntry({ key: `k1:${number}`, answer: 'x'.repeat(8_000) }));
    for (const entry of entries) await cached.insert(entry);
    for (const entry of entries) await cached.findNewest(entry);
    gated.reads = 0;
    for (const entry of entries.toReversed()) await cached.findNewest(entry);
    expect(gated.reads).toBe(1);
  });

  it('never holds what a write has overtaken', async () => {
    const gated = new GatedDatabase();
    const cached = new EntryStore(gated);
    const old = await cached.insert(newEntry());
    let release = () => {};
    gated.gate = new Promise((resolve) => {
      release = resolve;
    });
    const reading = [cached.findNewest(old), cached.findBlob(digestOf(1))] as const;
    gated.gate = undefined;
    const young = await cached.insert(newEntry({ images: [imageOf(2)] }));
    await cached.delete([old.id]);
    release();
    expect(await reading[0]).toEqual(old);
    expect(await reading[1]).toBeDefined();
    expect(await cached.findNewest(old)).toEqual(young);
    expect(await cached.findBlob(digestOf(1))).toBeUndefined();
  });
});

describe('questions about entries', () => {
  it('names the entries that show a blob', async () => {
    const first = await store.insert(newEntry({ images: [imageOf(1), imageOf(1)] }));
    await store.insert(newEntry({ images: [imageOf(2)] }));
    const third = await store.insert(newEntry({ scope: 'bob', images: [imageOf(2), imageOf(1)] }));
    expect(await store.entriesOfBlob(digestOf(1))).toEqual([first.id, third.id]);
    expect(await store.entriesOfBlob(digestOf(9))).toEqual([]);
  });

  it('offers the least recently used for eviction, never a pinned one', async () => {
    for (const createdAt of [40, 10, 30, 20]) {
      await store.insert(newEntry({ createdAt, images: [imageOf(createdAt), imageOf(0)] }));
    }
    await database.all({ sql: 'update entries set pinned = 1 where used_at = ?', params: [10] });
    const all = await store.selectForEviction({ limit: 10 });
    expect(all).toEqual([
      { id: 4, usedAt: 20, bytes: 2020 },
      { id: 3, usedAt: 30, bytes: 2030 },
      { id: 1, usedAt: 40, bytes: 2040 },
    ]);
    expect(await store.selectForEviction({ limit: 1 })).toEqual(all.slice(0, 1));
    expect(await store.selectForEviction({ olderThan: 40, limit: 10 })).toEqual(all.slice(0, 2));
    await store.touch([{ id: 4, usedAt: 50, hits: 1 }]);
    expect((await store.selectForEviction({ limit: 10 })).map(({ id }) => id)).toEqual([3, 1, 4]);
    expect(await new EntryStore(database).findTake(newEntry(), 2)).toMatchObject({ pinned: true });
  });

  it('counts entries, blobs and their bytes once each', async () => {
    expect(await store.totals()).toEqual({ entries: 0, blobs: 0, bytes: 0 });
    await store.insert(newEntry({ images: [imageOf(1), imageOf(2)] }));
    await store.insert(newEntry({ images: [imageOf(2)] }));
    expect(await store.totals()).toEqual({ entries: 2, blobs: 2, bytes: 2003 });
  });

  it('finds what is nearest in the same scope: the same prompt first, then the newest of the model', async () => {
    const insert = (key: string, changes: object) => store.insert(newEntry({ key, ...changes }));
    const same = await insert('k1:1', { images: [imageOf(1), imageOf(2)] });
    await insert('k1:2', { prompt: 'a dog' });
    await insert('k1:3', { prompt: 'a bird' });
    await insert('k1:4', { scope: 'bob' });
    await insert('k1:5', { site: 'intl' });
    await insert('k1:6', { model: 'wan2.6-t2i' });
    const query = { site: 'cn', scope: 'alice', model: 'qwen-image-max', prompt: 'a cat', limit: 10 };
    const found = await store.nearest(query);
    expect(found.map((entry) => entry.prompt)).toEqual(['a cat', 'a bird', 'a dog']);
    expect(found[0]).toEqual(same);
    expect((await store.nearest({ ...query, limit: 2 })).map((entry) => entry.id)).toEqual([1, 3]);
    expect(await store.nearest({ ...query, model: 'none' })).toEqual([]);
  });
});

describe('whether another scope has the recipe', () => {
  it('is asked of the same site, key and canonical text, and of every scope but its own', async () => {
    expect(await store.isElsewhere(newEntry())).toBe(false);
    await store.insert(newEntry());
    expect(await store.isElsewhere(newEntry())).toBe(false);
    for (const scope of ['aaron', 'bob']) expect(await store.isElsewhere(newEntry({ scope }))).toBe(true);
    for (const change of [{ site: 'intl' }, { key: 'k1:2' }, { canonical: '{}' }]) {
      expect(await store.isElsewhere(newEntry({ scope: 'bob', ...change }))).toBe(false);
    }
    for (const scope of ['carol', 'dave']) await store.insert(newEntry({ scope, key: 'k1:2' }));
    expect(await store.isElsewhere(newEntry({ scope: 'carol', key: 'k1:2' }))).toBe(true);
  });
});
