import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/adapters/better-sqlite3/sql-database.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { formatTable } from '../../src/cli/terminal/text-table.ts';
import type { EntryFilter } from '../../src/core/entries/entry-filter.ts';
import type { SqlDatabase, SqlValue } from '../../src/ports/sql-database.ts';
import { EntryStore } from '../../src/services/entries/entry-store.ts';
import { EntrySearch } from '../../src/services/inventory/entry-search.ts';
import { readStatistics } from '../../src/services/inventory/statistics.ts';
import { LedgerStore } from '../../src/services/ledger/ledger-store.ts';
import { SearchBackfill } from '../../src/services/maintenance/search-backfill.ts';
import { openMigrated } from '../support/data/database.ts';

/**
 * What people wait for when they look into a store of a million entries: each list, search, filter and sum, once cold and
 * then the median of some rounds. Nothing here asks over HTTP.
 */
const COUNT = Number(process.argv[2] ?? 1_000_000);
const BLOBS = 10_000;
const LEDGER_ROWS = 100_000;
const ROUNDS = 9;
const DAY_MS = 24 * 60 * 60 * 1000;
const MODELS = ['qwen-image-max', 'qwen-image-plus', 'wan2.6-t2i', 'z-image-turbo', 'qwen-image-edit-plus'];
const SIZES = ['1328*1328', '1664*928', '1024*1024', '512*512'];
const WORDS =
  'cinematic portrait cyclist dusk soft rim light shallow depth wet asphalt neon quiet street fox cat dog boat river mountain snow copper steel paper castle garden'.split(
    ' ',
  );
const CHINESE = [...'红色的狐狸在雪山上奔跑白天夜晚城市街道花园古老木船'];

const folder = await mkdtemp(join(tmpdir(), 'dashcache-bench-'));
try {
  const path = join(folder, 'dashcache.sqlite');
  (await openMigrated(path)).close();
  const database = openDatabase(path);
  const started = performance.now();
  await fill(database);
  const filled = performance.now();
  const found = await new SearchBackfill({ database, clock: systemClock }).run();
  console.log(
    `${COUNT} entries: rows in ${seconds(filled - started)} s, ${found} of them made findable in ${seconds(performance.now() - filled)} s\n`,
  );
  const reopened = openDatabase(path);
  await measure(reopened);
  reopened.close();
  database.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Rows like those of a year, made by SQLite itself: as many takes of each word and value as its share says. */
async function fill(database: SqlDatabase): Promise<void> {
  const digest = (index: number) => createHash('sha256').update(String(index)).digest('hex');
  const blobs = Array.from({ length: BLOBS }, (_, index) => digest(index));
  await run(database, 'pragma synchronous = off', []);
  await run(
    database,
    `insert into blobs select value, 1500000, 'image/png', 1328, 1328, 0 from json_each(?)`,
    [JSON.stringify(blobs)],
  );
  const indexes = await database.all({
    sql: `select name, sql from sqlite_schema where type = 'index' and sql is not null`,
    params: [],
  });
  // Made at the end, they are made in order.
  for (const { name } of indexes) await run(database, `drop index ${name}`, []);
  const now = Date.now();
  const step = 20_000;
  for (let from = 0; from < COUNT; from += step) {
    const rows = Array.from({ length: Math.min(step, COUNT - from) }, (_, index) => rowOf(from + index, now));
    const text = JSON.stringify(rows);
    await database.batch([
      {
        sql: `insert into entries (id, site, scope, key, take, canonical, model, prompt, answer, created_at, used_at, hits, pinned)
          select value ->> 0, 'cn', value ->> 1, value ->> 2, 1, value ->> 3, value ->> 4, value ->> 5, '[]', value ->> 6,
            value ->> 7, value ->> 8, value ->> 9 from json_each(?)`,
        params: [text],
      },
      {
        sql: `insert into images select value ->> 0, 0, value ->> 10, null from json_each(?)`,
        params: [JSON.stringify(rows.map((row, index) => [...row, blobs[(from + index) % BLOBS]]))],
      },
      { sql: 'insert into search_backlog select value ->> 0 from json_each(?)', params: [text] },
    ]);
  }
  for (const { sql } of indexes) await run(database, String(sql), []);
  await run(database, 'update blob_totals set blobs = ?, bytes = blobs * 1500000', [String(BLOBS)]);
  await fillLedger(database);
  await run(
    database,
    `insert into entry_totals
      select site, scope, model, count(*), 1500000 * count(*), sum(hits) from entries group by 1, 2, 3`,
    [],
  );
}

/** What a quarter of a year leaves in it, after which hours become days: each hour all models for ten scopes. */
async function fillLedger(database: SqlDatabase): Promise<void> {
  await run(
    database,
    `with recursive n (n) as (select 0 union all select n + 1 from n where n < ? - 1)
      insert into ledger
      select n / 50 * 3600000, 'cn', 'model' || (n % 5), 'key:' || (n / 5 % 10), 9, 1, 0, 0, 0, 1500000, 0.5, 0, 0, 4.5, 0, 0, 12000
      from n`,
    [LEDGER_ROWS],
  );
}

function rowOf(index: number, now: number) {
  const pick = (list: readonly string[], salt: number): string =>
    list[(Math.imul(index + 1, 2654435761 + salt * 40503) >>> 9) % list.length] ?? '';
  const words = Array.from({ length: 12 }, (_, place) => pick(WORDS, place));
  const chinese =
    index % 3 === 0 ? Array.from({ length: 8 }, (_, place) => pick(CHINESE, 20 + place)).join('') : '';
  const prompt = `Picture ${index}: ${words.join(' ')} ${chinese}`;
  const model = pick(MODELS, 31);
  const parameters = { n: 1, prompt_extend: true, seed: index % 50_000, size: pick(SIZES, 32) };
  const createdAt = now - Math.floor(((COUNT - index) / COUNT) * 365 * DAY_MS);
  const hits = index % 4 === 0 ? Math.floor(1000 / ((index % 997) + 1)) : 0;
  return [
    index + 1,
    `key:${createHash('md5')
      .update(String(index % 50))
      .digest('hex')}`,
    `k1:${createHash('md5').update(prompt).digest('hex')}`,
    JSON.stringify({ input: { prompt }, model, parameters }),
    model,
    prompt,
    createdAt,
    Math.min(now, createdAt + hits * 60_000),
    hits,
    index % 1000 === 0 ? 1 : 0,
  ] as const;
}

async function measure(database: SqlDatabase): Promise<void> {
  const entries = new EntryStore(database);
  const entrySearch = new EntrySearch({ database, entries, clock: systemClock });
  const scope = `key:${createHash('md5').update('7').digest('hex')}`;
  const filters: [string, EntryFilter][] = [
    ['all', {}],
    ['model', { model: 'wan2.6-t2i' }],
    ['size', { size: '1664*928' }],
    ['seed', { seed: 777 }],
    ['scope', { scope }],
    ['pinned', { pinned: true }],
    ['not pinned', { pinned: false }],
    ['site (every entry)', { site: 'cn' }],
    ['the last hour', { max_age: DAY_MS / 24 }],
    ['the last half year', { max_age: 180 * DAY_MS }],
    ['older than a month', { min_age: 30 * DAY_MS }],
    ['a rare word', { q: '123457' }],
    ['a common word', { q: 'fox' }],
    ['two common words', { q: 'fox copper' }],
    ['a phrase', { q: '"wet asphalt"' }],
    ['the beginning of a word', { q: 'mount*' }],
    ['two letters that words begin with', { q: 'st*' }],
    ['a Chinese character', { q: '狐' }],
    ['Chinese characters', { q: '狐狸' }],
    ['nothing', { q: 'zeppelin' }],
    [
      'word, model, size, scope, age',
      { q: 'fox', model: 'wan2.6-t2i', size: '1664*928', scope, max_age: 90 * DAY_MS },
    ],
  ];
  const rows: string[][] = [];
  for (const [name, filter] of filters) {
    for (const sort of ['created', 'used', 'hits'] as const) {
      const query = { filter, sort, limit: 50 };
      const page = await entrySearch.list(query);
      rows.push([name, sort, ...(await timed(() => entrySearch.list(query))), String(page.rows.length)]);
    }
  }
  let after = (await entrySearch.list({ filter: {}, sort: 'used', limit: 50 })).next;
  for (let page = 0; page < 200 && after !== undefined; page += 1)
    after = (await entrySearch.list({ filter: {}, sort: 'used', limit: 200, after })).next;
  const deep = { filter: {}, sort: 'used', limit: 50, after } as const;
  rows.push(['all, 40000 entries on', 'used', ...(await timed(() => entrySearch.list(deep))), '50']);
  const ledger = new LedgerStore(database);
  const statistics = async () => [await readStatistics(database, entries), await ledger.money('cn')];
  rows.push(['statistics with cost', '', ...(await timed(statistics)), '']);
  console.log(formatTable(['filter', 'sort', 'median ms', 'worst ms', 'rows'], rows));
}

async function timed(work: () => Promise<unknown>): Promise<[string, string]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = performance.now();
    await work();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return [(times[ROUNDS >> 1] ?? 0).toFixed(1), (times.at(-1) ?? 0).toFixed(1)];
}

async function run(database: SqlDatabase, sql: string, params: readonly SqlValue[]): Promise<void> {
  await database.all({ sql, params });
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
