import { expect, it } from 'vitest';
import type { EntryFilter } from '../../../src/core/entries/entry-filter.ts';
import { EntryStore } from '../../../src/services/entries/entry-store.ts';
import { EntrySearch } from '../../../src/services/inventory/entry-search.ts';
import { openMigrated } from '../../support/data/database.ts';
import { newEntry } from '../../support/data/entries.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = 100 * DAY_MS;

it('finds entries by age, also those that were stored after younger ones, as imports are', async () => {
  const database = await openMigrated();
  const entries = new EntryStore(database);
  // In the order in which they were stored.
  for (const days of [2, 1, 60, 50, 3]) await entries.insert(newEntry({ createdAt: NOW - days * DAY_MS }));
  const entrySearch = new EntrySearch({ database, entries, clock: new ManualClock(NOW) });
  const agesOf = async (filter: EntryFilter) => {
    const { rows } = await entrySearch.list({ filter, sort: 'created', limit: 10 });
    return rows.map(({ createdAt }) => (NOW - createdAt) / DAY_MS).sort((a, b) => a - b);
  };
  expect(await agesOf({})).toEqual([1, 2, 3, 50, 60]);
  for (const others of [{}, { q: 'cat' }]) {
    expect(await agesOf({ ...others, max_age: 10 * DAY_MS })).toEqual([1, 2, 3]);
    expect(await agesOf({ ...others, min_age: 10 * DAY_MS })).toEqual([50, 60]);
    expect(await agesOf({ ...others, min_age: 2 * DAY_MS, max_age: 50 * DAY_MS })).toEqual([2, 3, 50]);
    expect(await agesOf({ ...others, min_age: 90 * DAY_MS })).toEqual([]);
  }
  database.close();
});
