import fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import type { SqlDatabase } from '../../../src/ports/sql-database.ts';
import { EntryStore } from '../../../src/services/entries/entry-store.ts';
import { EntryEditor } from '../../../src/services/inventory/entry-editor.ts';
import { EntrySearch } from '../../../src/services/inventory/entry-search.ts';
import { openMigrated } from '../../support/data/database.ts';
import { imageOf, newEntry } from '../../support/data/entries.ts';
import { LAW } from '../../support/data/laws.ts';

const keyOf = (number: number) => `k1:${number.toString(16).padStart(32, '0')}`;
const small = fc.integer({ min: 0, max: 3 });

/** What people and requests do to the store, all at once. */
const deed = fc.oneof(
  fc.record({
    kind: fc.constant('insert' as const),
    key: small,
    model: small,
    images: fc.array(small, { minLength: 1, maxLength: 3 }),
    take: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('delete' as const), ids: fc.array(fc.integer({ min: 1, max: 12 })) }),
  fc.record({ kind: fc.constant('touch' as const), id: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constantFrom('pin' as const, 'unpin' as const, 'invalidate' as const), key: small }),
  fc.record({ kind: fc.constant('tag' as const), key: small, tags: fc.subarray(['draft', '分镜', 'a b']) }),
);
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

it('sums and what entries are found by are those of the rows, whatever was done at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 40 }), async (deeds) => {
      const database = await openMigrated();
      try {
        const entries = new EntryStore(database);
        const entryEditor = new EntryEditor({ database, entries, clock: systemClock });
        await Promise.all(deeds.map((one) => run(one, entries, entryEditor)));
        expect(await kept(database)).toEqual(await counted(database));
        await expectFound(database, entries);
      } finally {
        database.close();
      }
    }),
    LAW,
  );
});

async function run(one: Deed, entries: EntryStore, entryEditor: EntryEditor): Promise<void> {
  switch (one.kind) {
    case 'insert': {
      const { key, model, images, take } = one;
      const named = { key: keyOf(key), model: `model ${model}`, prompt: `纸船 ${key}`, take };
      await entries.insert(newEntry({ ...named, images: images.map((image) => imageOf(image)) }));
      return;
    }
    case 'delete':
      await entries.delete(one.ids);
      return;
    case 'touch':
      await entries.touch([{ id: one.id, usedAt: 5_000, hits: 2 }]);
      return;
  }
  const address = { key: keyOf(one.key) };
  // The key may not be there.
  if (one.kind === 'tag') await entryEditor.tag(address, one.tags).catch(() => 0);
  else if (one.kind === 'invalidate') await entryEditor.invalidate(address).catch(() => 0);
  else await entryEditor.pin(address, one.kind === 'pin').catch(() => 0);
}

async function kept(database: SqlDatabase) {
  return {
    entries: await rows(database, 'select * from entry_totals order by site, scope, model'),
    blobs: await rows(database, 'select blobs, bytes from blob_totals'),
    found: await rows(database, 'select rowid as id from entry_search order by rowid'),
  };
}

/** The same, counted row by row. */
async function counted(database: SqlDatabase) {
  return {
    entries: await rows(
      database,
      `select site, scope, model, count(*) as entries, sum((
          select sum(b.size) from images i join blobs b on b.sha256 = i.sha256 where i.entry_id = e.id
        )) as bytes, sum(hits) as hits
        from entries e group by site, scope, model order by site, scope, model`,
    ),
    blobs: await rows(database, 'select count(*) as blobs, coalesce(sum(size), 0) as bytes from blobs'),
    found: await rows(database, 'select id from entries order by id'),
  };
}

async function expectFound(database: SqlDatabase, entries: EntryStore): Promise<void> {
  const entrySearch = new EntrySearch({ database, entries, clock: systemClock });
  const all = (await entrySearch.list({ filter: {}, sort: 'created', limit: 100 })).rows;
  const idsOf = async (filter: object) =>
    (await entrySearch.list({ filter, sort: 'created', limit: 100 })).rows.map(({ id }) => id);
  const idsWhere = (fits: (entry: (typeof all)[number]) => boolean) => all.filter(fits).map(({ id }) => id);
  for (const pinned of [true, false])
    expect(await idsOf({ pinned })).toEqual(idsWhere((entry) => entry.pinned === pinned));
  for (const tag of ['draft', '分镜', 'a b', 'a'])
    expect(await idsOf({ tag })).toEqual(idsWhere(({ tags }) => tags.includes(tag)));
  for (const number of [0, 1, 2, 3]) {
    expect(await idsOf({ model: `model ${number}` })).toEqual(
      idsWhere(({ model }) => model === `model ${number}`),
    );
    expect(await idsOf({ q: `船 ${number}` })).toEqual(idsWhere(({ key }) => key === keyOf(number)));
  }
}

function rows(database: SqlDatabase, sql: string) {
  return database.all({ sql, params: [] });
}
