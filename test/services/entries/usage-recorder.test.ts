import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { SqlDatabase } from '../../../src/ports/sql-database.ts';
import { EntryStore } from '../../../src/services/entries/entry-store.ts';
import { UsageRecorder } from '../../../src/services/entries/usage-recorder.ts';
import { openMigrated } from '../../support/data/database.ts';
import { newEntry } from '../../support/data/entries.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

let database: BetterSqlite3Database;
let clock: ManualClock;
let failures: unknown[];
beforeEach(async () => {
  database = await openMigrated();
  clock = new ManualClock(10_000);
  failures = [];
});
afterEach(() => database.close());

const recorderOn = (over: SqlDatabase) =>
  new UsageRecorder({ entries: new EntryStore(over), clock, onFailure: (cause) => failures.push(cause) });

const uses = () => database.all({ sql: 'select id, hits, used_at from entries order by id', params: [] });

async function insertTwo(): Promise<void> {
  const store = new EntryStore(database);
  await store.insert(newEntry());
  await store.insert(newEntry());
}

it('writes how often and when entries were used last, once', async () => {
  await insertTwo();
  const recorder = recorderOn(database);
  recorder.used(1);
  await clock.advance(5);
  recorder.used(2);
  recorder.used(1);
  expect((await uses()).map(({ hits }) => hits)).toEqual([0, 0]);
  await recorder.flush();
  await recorder.flush();
  expect(await uses()).toEqual([
    { id: 1, hits: 2, used_at: 10_005 },
    { id: 2, hits: 1, used_at: 10_005 },
  ]);
});

it('writes nothing when nothing was used', async () => {
  const faults = new Faults();
  await recorderOn(faults.watch('database', database)).flush();
  expect(faults.calls).toEqual([]);
});

it('writes by itself before too much is pending', async () => {
  await insertTwo();
  const recorder = recorderOn(database);
  for (let id = 1; id <= 5_000; id += 1) recorder.used(id);
  await settle();
  expect((await uses()).map(({ hits }) => hits)).toEqual([1, 1]);
});

it('reports a failed write and goes on', async () => {
  await insertTwo();
  const faults = new Faults();
  const recorder = recorderOn(faults.watch('database', database));
  const failure = new AppError('storage_full', 'full');
  faults.fail('database.batch', failure);
  recorder.used(1);
  await recorder.flush();
  expect(failures).toEqual([failure]);
  faults.heal('database.batch');
  recorder.used(2);
  await recorder.flush();
  expect((await uses()).map(({ hits }) => hits)).toEqual([0, 1]);
});

it('has written everything when a flush ends, also one that met others', async () => {
  await insertTwo();
  const gates = [createGate(), createGate()];
  let writing = 0;
  let most = 0;
  let batches = 0;
  const slow: SqlDatabase = {
    all: (statement) => database.all(statement),
    batch: async (statements) => {
      const gate = gates[batches];
      batches += 1;
      writing += 1;
      most = Math.max(most, writing);
      await gate?.opened;
      writing -= 1;
      return await database.batch(statements);
    },
  };
  const recorder = recorderOn(slow);
  recorder.used(1);
  const first = recorder.flush();
  await settle();
  recorder.used(2);
  const second = recorder.flush();
  let lastEnded = false;
  const last = recorder.flush().then(() => {
    lastEnded = true;
  });
  gates[0]?.open();
  await first;
  await settle();
  expect(lastEnded).toBe(false);
  gates[1]?.open();
  await Promise.all([second, last]);
  expect((await uses()).map(({ hits }) => hits)).toEqual([1, 1]);
  expect(most).toBe(1);
});
