import { expect, it, onTestFinished } from 'vitest';
import { migrate, readMigrations } from '../../../src/adapters/better-sqlite3/migrate.ts';
import { openDatabase } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import type { SqlDatabase } from '../../../src/ports/sql-database.ts';
import { EntryStore } from '../../../src/services/entries/entry-store.ts';
import { EntrySearch } from '../../../src/services/inventory/entry-search.ts';
import { readStatistics } from '../../../src/services/inventory/statistics.ts';
import { SearchBackfill } from '../../../src/services/maintenance/search-backfill.ts';
import { MIGRATIONS } from '../../support/data/database.ts';
import { digestOf } from '../../support/data/entries.ts';

const COUNT = 450;

/** A store from before there was an inventory: entries of two models that share their pictures in pairs. */
async function openOld(): Promise<SqlDatabase> {
  const database = openDatabase(':memory:');
  onTestFinished(() => database.close());
  const files = await readMigrations(MIGRATIONS);
  await migrate(database, files.slice(0, 4));
  const rows = Array.from({ length: COUNT }, (_, index) => ({
    id: index + 1,
    model: index % 3 === 0 ? 'wan' : 'qwen',
    digest: digestOf(index >> 1),
    canonical: JSON.stringify({ parameters: { seed: index, size: '512*512' } }),
  }));
  const params = [JSON.stringify(rows)];
  await database.batch([
    {
      sql: `insert into blobs select distinct value ->> 'digest', 10, 'image/png', 1, 1, 0 from json_each(?)`,
      params,
    },
    {
      sql: `insert into entries (id, site, scope, key, take, canonical, model, prompt, answer, created_at, used_at, hits)
        select value ->> 'id', 'cn', 'alice', 'k' || (value ->> 'id'), 1, value ->> 'canonical', value ->> 'model',
          '狐 number ' || (value ->> 'id'), '[]', 0, 0, 2 from json_each(?)`,
      params,
    },
    {
      sql: `insert into images select value ->> 'id', 0, value ->> 'digest', null from json_each(?)`,
      params,
    },
  ]);
  await migrate(database, files);
  return database;
}

it('a store from before it has its sums at once', async () => {
  const database = await openOld();
  expect(await readStatistics(database, new EntryStore(database))).toEqual({
    entries: COUNT,
    blobs: COUNT / 2,
    bytes: 10 * (COUNT / 2),
    models: [
      { name: 'qwen', entries: 300, bytes: 3_000, hits: 600 },
      { name: 'wan', entries: 150, bytes: 1_500, hits: 300 },
    ],
    scopes: [{ name: 'alice', entries: COUNT, bytes: 10 * COUNT, hits: 2 * COUNT }],
  });
});

it('and is searched after the backfill, which goes on where it was stopped', async () => {
  const database = await openOld();
  const entrySearch = new EntrySearch({ database, entries: new EntryStore(database), clock: systemClock });
  const idsOf = async (filter: object) =>
    (await entrySearch.list({ filter, sort: 'created', limit: 200 })).rows.map(({ id }) => id);
  expect(await idsOf({ q: '狐' })).toEqual([]);
  const stopping = new SearchBackfill({ database, clock: { sleep: async () => stopping.stop() } });
  expect(await stopping.run()).toBe(200);
  // The newest come first; an entry that goes meanwhile is forgotten.
  expect(await idsOf({ seed: 449 })).toEqual([450]);
  expect(await idsOf({ seed: 10 })).toEqual([]);
  await new EntryStore(database).delete([1]);
  expect(await new SearchBackfill({ database, clock: systemClock }).run()).toBe(249);
  expect(await idsOf({ seed: 10, size: '512*512', model: 'qwen', q: '狐' })).toEqual([11]);
  expect(await idsOf({ seed: 0 })).toEqual([]);
  expect(await new SearchBackfill({ database, clock: systemClock }).run()).toBe(0);
});
