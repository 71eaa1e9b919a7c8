import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { AnsweredRequest, CacheResult, Cost } from '../../../src/core/events.ts';
import { modelLabels } from '../../../src/core/models/model-label.ts';
import { beginningOf, DAY_MS, HOUR_MS, spending } from '../../../src/services/ledger/ledger.ts';
import { LedgerRecorder } from '../../../src/services/ledger/ledger-recorder.ts';
import { LedgerService } from '../../../src/services/ledger/ledger-service.ts';
import { ledgerStatements } from '../../../src/services/ledger/ledger-statements.ts';
import { LedgerStore } from '../../../src/services/ledger/ledger-store.ts';
import { openMigrated } from '../../support/data/database.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

const START = Date.UTC(2026, 0, 10, 5, 30);
const MODEL = 'qwen-image-max';
const ALL = { from: undefined, to: undefined, by: 'hour', group: 'none' } as const;

let database: BetterSqlite3Database;
let clock: ManualClock;
let faults: Faults;
let failures: unknown[];
beforeEach(async () => {
  database = await openMigrated();
  clock = new ManualClock(START);
  faults = new Faults();
  failures = [];
});
afterEach(() => database.close());

/** A process over the same database. */
function start(site = 'cn') {
  const store = new LedgerStore(faults.watch('database', database));
  const recorder = new LedgerRecorder(
    {
      store,
      clock,
      modelLabel: modelLabels(new Set(['mine'])),
      onFailure: (cause) => failures.push(cause),
    },
    site,
  );
  /** A purchase, as its own transaction writes it. */
  const buy = (cost: Cost | undefined) =>
    store.add([
      { ...spending(cost), at: beginningOf(clock.now(), HOUR_MS), site, model: MODEL, scope: 'alice' },
    ]);
  return { recorder, buy, service: new LedgerService({ store, recorder, clock }, site) };
}

function answered(result: CacheResult | undefined, more: Partial<AnsweredRequest> = {}): AnsweredRequest {
  return {
    type: 'request',
    requestId: 'r',
    door: 'dashscope',
    method: 'POST',
    path: '/',
    status: 200,
    elapsedMs: 1,
    result,
    model: MODEL,
    scope: 'alice',
    ...more,
  };
}

describe('the ledger', () => {
  it('counts results, bytes, money by currency and time, and what has no price', async () => {
    const { recorder, buy, service } = start();
    for (const result of ['hit', 'hit', 'miss', 'coalesced', 'bypass', 'error', undefined] as const)
      recorder.report(answered(result));
    const whose = { model: MODEL, scope: 'alice' };
    const cost = { amount: 0.1, currency: 'CNY' } as const;
    for (const each of [cost, cost, { amount: 0.03, currency: 'USD' } as const, undefined]) await buy(each);
    recorder.report({ type: 'stored', ...whose, images: 1, bytes: 500 });
    recorder.report({ type: 'avoided', ...whose, cost, elapsedMs: 1500 });
    recorder.report({ type: 'avoided', ...whose, cost: undefined, elapsedMs: undefined });
    const [row, ...others] = await service.read(ALL);
    expect(others).toEqual([]);
    expect(row).toEqual({
      at: Date.UTC(2026, 0, 10, 5),
      name: '',
      hits: 2,
      misses: 1,
      coalesced: 1,
      bypassed: 1,
      errors: 1,
      bytes: 500,
      spent: { CNY: expect.closeTo(0.2), USD: 0.03, unpriced: 1 },
      avoided: { CNY: 0.1, USD: 0, unpriced: 1 },
      avoidedMs: 1500,
    });
  });

  it('goes on where the last process stopped, by hour, model and scope, each site for itself', async () => {
    const first = start();
    first.recorder.report(answered('miss'));
    await first.recorder.flush();
    await clock.advance(HOUR_MS);
    const second = start();
    second.recorder.report(answered('hit'));
    second.recorder.report(answered('hit', { model: 'mine' }));
    second.recorder.report(answered('hit', { scope: 'bob' }));
    start('simulator').recorder.report(answered('hit'));
    const hours = await second.service.read(ALL);
    expect(hours.map(({ at, misses, hits }) => [at, misses, hits])).toEqual([
      [Date.UTC(2026, 0, 10, 5), 1, 0],
      [Date.UTC(2026, 0, 10, 6), 0, 3],
    ]);
    const read = async (group: 'model' | 'scope') =>
      (await second.service.read({ ...ALL, by: 'day', group })).map(({ name, hits }) => [name, hits]);
    expect(await read('model')).toEqual([
      ['mine', 1],
      [MODEL, 2],
    ]);
    expect(await read('scope')).toEqual([
      ['alice', 2],
      ['bob', 1],
    ]);
  });

  it('counts models that clients invent, and callers that nobody vouches for, as other', async () => {
    const { recorder, service } = start();
    recorder.report(answered('error', { model: 'wan-invented', scope: undefined }));
    recorder.report(answered('error', { model: undefined, scope: undefined }));
    for (const group of ['model', 'scope'] as const)
      expect(await service.read({ ...ALL, group })).toMatchObject([{ name: 'other', errors: 2 }]);
  });

  it('reads from the beginning of the unit that a time is in, and not beyond the end', async () => {
    const { recorder, service } = start();
    recorder.report(answered('hit'));
    await clock.advance(DAY_MS);
    recorder.report(answered('hit'));
    const read = async (from: number, to: number) =>
      (await service.read({ ...ALL, from, to })).reduce((sum, { hits }) => sum + hits, 0);
    expect(await read(START, START + DAY_MS)).toBe(2);
    expect(await read(START, START + DAY_MS - HOUR_MS)).toBe(1);
    expect(await read(START + HOUR_MS, START + 2 * DAY_MS)).toBe(1);
  });

  it('writes in one batch, and keeps what could not be written for the next', async () => {
    const { recorder, service } = start();
    const failure = new AppError('storage_full', 'full');
    faults.fail('database.batch', failure);
    recorder.report(answered('hit'));
    await recorder.flush();
    recorder.report(answered('hit'));
    await recorder.flush();
    expect(failures).toEqual([failure, failure]);
    faults.heal('database.batch');
    await recorder.flush();
    await recorder.flush();
    expect(faults.calls).toEqual(['database.batch', 'database.batch', 'database.batch']);
    expect(await service.read(ALL)).toMatchObject([{ hits: 2 }]);
  });

  it('writes by itself before too much is pending', async () => {
    const { recorder } = start();
    for (let index = 0; index < 1_000; index += 1) recorder.report(answered('hit', { scope: `s${index}` }));
    await settle();
    const [count] = await database.all({ sql: 'select count(*) as n from ledger', params: [] });
    expect(count).toEqual({ n: 1_000 });
  });

  it('folds hours older than 90 days into their days, once', async () => {
    const { recorder, service } = start();
    for (const hours of [0, 1, 1]) {
      await clock.advance(hours * HOUR_MS);
      recorder.report(answered('hit'));
    }
    await clock.advance(24 * HOUR_MS);
    recorder.report(answered('miss'));
    await recorder.flush();
    const hours = async () =>
      (await database.all({ sql: 'select at, hits, misses from ledger order by at', params: [] })).map(
        (row) => Object.values(row),
      );
    await clock.advance(89 * DAY_MS);
    await service.fold();
    expect(await hours()).toHaveLength(4);
    // The day of the first three is over for 90 days.
    await clock.advance(DAY_MS);
    for (let again = 0; again < 2; again += 1) {
      await service.fold();
      expect(await hours()).toEqual([
        [Date.UTC(2026, 0, 10), 3, 0],
        [Date.UTC(2026, 0, 11, 7), 0, 1],
      ]);
    }
    expect(await service.read({ ...ALL, from: START, by: 'day' })).toMatchObject([
      { hits: 3 },
      { misses: 1 },
    ]);
  });

  it('sums up the money of all time, of this site, whether or not its hours are folded', async () => {
    const { recorder, buy, service } = start();
    const event = { model: MODEL, scope: 'alice', cost: { amount: 0.5, currency: 'CNY' } } as const;
    for (let hour = 0; hour < 3; hour += 1) {
      await buy(event.cost);
      recorder.report({ type: 'avoided', ...event, scope: 'bob', elapsedMs: 1 });
      recorder.report({ type: 'avoided', ...event, cost: undefined, elapsedMs: 1 });
      await recorder.flush();
      await clock.advance(HOUR_MS);
    }
    const other = start('simulator');
    await other.buy(event.cost);
    const money = {
      spent: { CNY: 1.5, USD: 0, unpriced: 0 },
      avoided: { CNY: 1.5, USD: 0, unpriced: 3 },
    };
    expect(await service.money()).toEqual(money);
    await clock.advance(91 * DAY_MS);
    await service.fold();
    expect(await service.money()).toEqual(money);
    await buy(event.cost);
    expect((await service.money()).spent.CNY).toBe(2);
  });

  it('refuses to answer with too many rows', async () => {
    const { service } = start();
    const rows = Array.from({ length: 10_001 }, (_, index) => ({ at: index * HOUR_MS, site: 'cn' }));
    await database.batch([
      {
        sql: `insert into ledger select value ->> 'at', value ->> 'site', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
          from json_each(?)`,
        params: [JSON.stringify(rows)],
      },
    ]);
    await expect(service.read({ ...ALL, from: 0 })).rejects.toMatchObject({
      code: 'invalid_request',
      field: 'from',
    });
    expect(await service.read({ ...ALL, from: HOUR_MS })).toHaveLength(10_000);
  });

  it('is read by site and time, not as a whole', async () => {
    const { sql, params } = ledgerStatements.select({
      ...{ site: '', from: 0, to: 0, unitMs: 1, limit: 1 },
      group: 'model',
    });
    const plan = await database.all({ sql: `explain query plan ${sql}`, params });
    expect(plan.map(({ detail }) => detail).join('\n')).toContain('(site=? AND at>? AND at<?)');
  });
});
