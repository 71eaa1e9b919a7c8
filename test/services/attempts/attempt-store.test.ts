import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { AttemptStore } from '../../../src/services/attempts/attempt-store.ts';
import { EntryStore } from '../../../src/services/entries/entry-store.ts';
import { openMigrated } from '../../support/data/database.ts';
import { imageOf, newEntry } from '../../support/data/entries.ts';

describe('AttemptStore', () => {
  let database: BetterSqlite3Database;
  let attempts: AttemptStore;
  beforeEach(async () => {
    database = await openMigrated();
    attempts = new AttemptStore(database);
  });
  afterEach(() => database.close());

  const open = (id: string, createdAt = 1) =>
    attempts.open({
      id,
      site: 'cn',
      scope: 'alice',
      key: 'k1:1',
      model: 'qwen-image-max',
      account: 'a',
      recipe: '{"canonical":"…"}',
      createdAt,
    });
  const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);

  it('keeps an open attempt whole', async () => {
    await open('a');
    expect(await attempts.listOpen()).toEqual([
      {
        id: 'a',
        site: 'cn',
        scope: 'alice',
        key: 'k1:1',
        model: 'qwen-image-max',
        account: 'a',
        upstreamTask: undefined,
        entryId: undefined,
        state: 'open',
        recipe: '{"canonical":"…"}',
        answer: undefined,
        status: undefined,
        error: undefined,
        createdAt: 1,
        updatedAt: 1,
      },
    ]);
  });

  it('refuses an id twice', async () => {
    await open('a');
    await expect(open('a')).rejects.toMatchObject({ code: 'constraint' });
  });

  it('keeps the answer while the images are pending, then drops it', async () => {
    await open('a');
    await attempts.answered('a', '{"output":{}}', 2);
    expect(await attempts.listOpen()).toEqual([]);
    expect(await attempts.listAnswered()).toMatchObject([
      { id: 'a', answer: '{"output":{}}', recipe: '{"canonical":"…"}', createdAt: 1, updatedAt: 2 },
    ]);
    await attempts.finish('a', { state: 'unstored', at: 3, status: 200, error: 'the image is gone' });
    expect(await attempts.listAnswered()).toEqual([]);
    expect((await attempts.list('unstored', 1)).rows).toMatchObject([
      { answer: undefined, recipe: undefined, status: 200, error: 'the image is gone', updatedAt: 3 },
    ]);
  });

  it('keeps the recipe of what may have been bought', async () => {
    await open('a');
    await attempts.finish('a', { state: 'unknown', at: 2 });
    expect((await attempts.list('unknown', 1)).rows).toMatchObject([
      { recipe: '{"canonical":"…"}', status: undefined },
    ]);
  });

  it('lets nothing change once it is final', async () => {
    await open('a');
    await attempts.finish('a', { state: 'refused', at: 2, status: 400 });
    await attempts.finish('a', { state: 'unknown', at: 3 });
    await attempts.answered('a', '{}', 4);
    expect((await attempts.list('refused', 2)).rows).toMatchObject([
      { status: 400, updatedAt: 2, answer: undefined },
    ]);
  });

  it('is stored together with the entry, or not at all', async () => {
    const entries = new EntryStore(database);
    await open('a');
    const broken = newEntry({ images: [imageOf(1, { digest: 'short' })] });
    const stored = attempts.stored('a', 2);
    await expect(entries.insert(broken, [stored])).rejects.toMatchObject({ code: 'constraint' });
    expect(ids(await attempts.listOpen())).toEqual(['a']);
    await entries.insert(newEntry(), [stored]);
    expect((await attempts.list('stored', 1)).rows).toMatchObject([{ id: 'a', status: 200, entryId: 1 }]);
  });

  it('counts by state and lists the newest first', async () => {
    for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) await open(id, index);
    await attempts.finish('a', { state: 'failed', at: 10 });
    await attempts.finish('b', { state: 'failed', at: 20 });
    expect(await attempts.counts()).toEqual({
      open: 2,
      submitted: 0,
      answered: 0,
      stored: 0,
      unstored: 0,
      refused: 0,
      failed: 2,
      unknown: 0,
    });
    expect(ids((await attempts.list('failed', 5)).rows)).toEqual(['b', 'a']);
    expect(ids((await attempts.list('failed', 1)).rows)).toEqual(['b']);
    expect(ids(await attempts.listOpen())).toEqual(['c', 'd']);
  });

  it('prunes what ended before a time, never what is still to be finished', async () => {
    for (const id of ['open', 'answered', 'old', 'young']) await open(id);
    await attempts.answered('answered', '{}', 2);
    await attempts.finish('old', { state: 'refused', at: 10 });
    await attempts.finish('young', { state: 'unknown', at: 20 });
    expect(await attempts.prune(20)).toBe(1);
    expect(ids((await attempts.list('unknown', 9)).rows)).toEqual(['young']);
    expect(await attempts.prune(1_000)).toBe(1);
    expect(await attempts.counts()).toMatchObject({ open: 1, answered: 1, stored: 0, unknown: 0 });
  });
});
