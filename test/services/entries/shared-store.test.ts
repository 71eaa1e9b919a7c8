import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeasedStoreLock } from '../../../src/services/blobs/leased-store-lock.ts';
import { EntryRemover } from '../../../src/services/entries/entry-remover.ts';
import { storeLockConformance } from '../../conformance/store-lock.ts';
import { openMigrated } from '../../support/data/database.ts';
import { png } from '../../support/data/sample-images.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';
import { Machine, type StoreBench } from '../../support/servers/store-bench.ts';

const CAT = png(10, 10);
const LEASE_MS = 5 * 60 * 1000;

storeLockConformance('leased store lock', async () => {
  const clock = new ManualClock();
  const database = await openMigrated();
  const create = () => new LeasedStoreLock({ database, clock, onFailure: () => {} }, 'blobs');
  return { locks: [create(), create()], pass: () => clock.advance(200) };
});

describe('two processes that share a store', () => {
  let machine: Machine;
  let one: StoreBench;
  let other: StoreBench;

  beforeEach(async () => {
    machine = await Machine.open();
    const start = () => {
      const { database, clock } = machine;
      return machine.start(
        new Faults(),
        new LeasedStoreLock({ database, clock, onFailure: () => {} }, 'blobs'),
      );
    };
    [one, other] = [start(), start()];
  });
  afterEach(() => machine.close());

  /** Every blob that rows name is there, and nothing else; nobody holds anything. */
  async function expectWhole(): Promise<void> {
    const rows = await machine.rows('select sha256 from blobs');
    expect(rows.length).toBe(1);
    expect(await machine.digests()).toEqual(rows.map((row) => row.sha256));
    expect(await machine.rows('select * from store_leases')).toEqual([]);
  }

  it('one keeps bytes that the other is about to name', async () => {
    const entry = await one.keep('cat', CAT);
    const paid = await other.answered('twin', CAT);
    const inserting = other.faults.hold('database.batch');
    const publishing = other.publisher.keep(paid);
    await inserting.reached;
    expect(await new EntryRemover(one).remove([entry.id])).toMatchObject({ entries: 1, blobs: 0 });
    inserting.release();
    expect(await publishing).toMatchObject({ prompt: 'twin' });
    await expectWhole();
  });

  it('one names bytes only after the other has deleted them', async () => {
    const entry = await one.keep('cat', CAT);
    const paid = await other.answered('twin', CAT);
    const deletion = one.faults.hold('driver.delete');
    const removing = new EntryRemover(one).remove([entry.id]);
    await deletion.reached;
    const publishing = other.publisher.keep(paid);
    await machine.clock.untilSleeping(1);
    await machine.clock.advance(1_000);
    expect(await machine.rows('select * from entries')).toEqual([]);
    deletion.release();
    expect(await removing).toMatchObject({ blobs: 1 });
    await machine.clock.advance(1_000);
    expect(await publishing).toMatchObject({ prompt: 'twin' });
    await expectWhole();
  });

  it('one that died while it deleted keeps the paid image out for a while only', async () => {
    const entry = await one.keep('cat', CAT);
    const paid = await other.answered('twin', CAT);
    const death = one.faults.hold('driver.delete');
    void new EntryRemover(one).remove([entry.id]);
    await death.reached;
    const refused = expect(other.publisher.keep(paid)).rejects.toMatchObject({ code: 'storage_failed' });
    await machine.clock.advance(60_000);
    await refused;
    await machine.clock.advance(LEASE_MS);
    expect(await other.publisher.keep(paid)).toMatchObject({ prompt: 'twin' });
    await expectWhole();
  });

  it('both delete and publish the same image again and again, and no row is left without its bytes', async () => {
    for (let round = 0; round < 20; round += 1) {
      const entry = await one.keep(`cat-${round}`, CAT);
      const paid = await other.answered(`again-${round}`, CAT);
      const step = round % 4;
      const held = (step < 2 ? one : other).faults.hold(step % 2 === 0 ? 'driver.delete' : 'database.batch');
      const both = [new EntryRemover(one).remove([entry.id]), other.publisher.keep(paid)];
      await settle();
      held.release();
      await machine.clock.advance(1_000);
      await Promise.all(both);
      await expectWhole();
      const [last] = await machine.rows('select id from entries');
      await new EntryRemover(other).remove([Number(last?.id)]);
      expect(await machine.digests()).toEqual([]);
    }
  });
});
