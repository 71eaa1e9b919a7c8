import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { png } from '../../support/data/sample-images.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { Machine, type StoreBench } from '../../support/servers/store-bench.ts';

const HOUR = 60 * 60 * 1000;
const [CAT, DOG, BIRD] = [png(10, 10), png(20, 20), png(30, 30)];

let machine: Machine;
let bench: StoreBench;
beforeEach(async () => {
  machine = await Machine.open();
  bench = machine.start();
});
afterEach(() => machine.close());

const names = async () =>
  (await machine.rows('select prompt from entries order by id')).map((row) => row.prompt);
const pin = (name: string) =>
  machine.rows(`update entries set pinned = 1 where prompt = '${name}' returning id`);

/** Every blob that rows name is there, and nothing else. */
async function expectWhole(): Promise<void> {
  const rows = await machine.rows('select sha256 from blobs');
  expect((await machine.digests()).sort()).toEqual(rows.map((row) => row.sha256).sort());
}

describe('age', () => {
  it('expires nothing for an hour after the clock was set, and by the time that stays', async () => {
    await bench.keep('young', CAT);
    const collector = bench.garbageCollector({ maxAgeMs: 30 * 24 * HOUR });
    await collector.runOnce();
    machine.clock.jump(40 * 24 * HOUR);
    await collector.runOnce();
    await machine.clock.advance(HOUR / 2);
    machine.clock.jump(-40 * 24 * HOUR);
    await collector.runOnce();
    await machine.clock.advance(2 * HOUR);
    await collector.runOnce();
    expect(await names()).toEqual(['young']);
    machine.clock.jump(40 * 24 * HOUR);
    await collector.runOnce();
    await machine.clock.advance(HOUR);
    await collector.runOnce();
    expect(await names()).toEqual([]);
  });

  it('drops what is older than allowed, rows and bytes, and nothing younger', async () => {
    await bench.keep('old', CAT);
    await machine.clock.advance(1);
    await bench.keep('young', DOG);
    await machine.clock.advance(HOUR);
    await bench.garbageCollector({ maxAgeMs: HOUR }).runOnce();
    expect(await names()).toEqual(['young']);
    await expectWhole();
    expect(bench.reporter.of('evicted')).toEqual([
      { type: 'evicted', entries: 1, blobs: 1, bytes: CAT.length },
    ]);
  });

  it('goes through more than one batch, and spares what is pinned', async () => {
    for (let index = 0; index < 120; index += 1) await bench.keep(`entry${index}`, png(5, index + 1));
    await pin('entry7');
    await machine.clock.advance(2 * HOUR);
    await bench.garbageCollector({ maxAgeMs: HOUR }).runOnce();
    expect(await names()).toEqual(['entry7']);
    await expectWhole();
  });

  it('is no matter without a limit', async () => {
    await bench.keep('old', CAT);
    await machine.clock.advance(1e12);
    await bench.garbageCollector().runOnce();
    expect(await names()).toEqual(['old']);
  });
});

describe('the byte budget', () => {
  it('is kept by dropping what was used least recently', async () => {
    for (const [name, bytes] of [
      ['cat', CAT],
      ['dog', DOG],
      ['bird', BIRD],
    ] as const) {
      await bench.keep(name, bytes);
      await machine.clock.advance(1);
    }
    await bench.entries.touch([{ id: 1, usedAt: machine.clock.now(), hits: 1 }]);
    await bench.garbageCollector({ maxBytes: CAT.length + BIRD.length }).runOnce();
    expect(await names()).toEqual(['cat', 'bird']);
    await expectWhole();
  });

  it('touches nothing when it is just met', async () => {
    await bench.keep('cat', CAT);
    await bench.garbageCollector({ maxBytes: CAT.length }).runOnce();
    expect(await names()).toEqual(['cat']);
    expect(bench.reporter.of('evicted')).toEqual([]);
  });

  it('keeps a shared blob as long as somebody shows it', async () => {
    await bench.keep('first', CAT);
    await machine.clock.advance(1);
    await bench.keep('second', CAT, DOG);
    await bench.garbageCollector({ maxBytes: CAT.length + DOG.length - 1 }).runOnce();
    expect(await names()).toEqual([]);
    await bench.keep('third', CAT);
    await bench.keep('fourth', CAT);
    await bench.entries.delete([3]);
    await bench.garbageCollector({ maxBytes: CAT.length }).runOnce();
    expect(await names()).toEqual(['fourth']);
    await expectWhole();
  });

  it('is exceeded by what is pinned, which stays', async () => {
    await bench.keep('cat', CAT);
    await bench.keep('dog', DOG);
    await pin('cat');
    await bench.garbageCollector({ maxBytes: 0 }).runOnce();
    expect(await names()).toEqual(['cat']);
    await expectWhole();
  });

  it('drops the shortest run of least recently used entries that meets it, whatever they share', async () => {
    const pictures = Array.from({ length: 6 }, (_, index) => png(8, 8 * (index + 1)));
    const entry = fc.record({
      shows: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
      pinned: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 3_000 }),
        async (wanted, maxBytes) => {
          const other = await Machine.open();
          const store = other.start();
          for (const [index, { shows, pinned }] of wanted.entries()) {
            await store.keep(`e${index}`, ...shows.flatMap((picture) => pictures[picture] ?? []));
            if (pinned)
              await other.rows(`update entries set pinned = 1 where id = ${index + 1} returning id`);
            await other.clock.advance(1);
          }
          await store.garbageCollector({ maxBytes }).runOnce();
          const bytesOf = (kept: typeof wanted) =>
            [...new Set(kept.flatMap(({ shows }) => shows))].reduce(
              (sum, picture) => sum + (pictures[picture]?.length ?? 0),
              0,
            );
          let model = [...wanted];
          while (bytesOf(model) > maxBytes) {
            const victim = model.findIndex(({ pinned }) => !pinned);
            if (victim === -1) break;
            model = model.filter((_, index) => index !== victim);
          }
          const left = await other.rows('select prompt from entries order by id');
          expect(left.map(({ prompt }) => prompt)).toEqual(model.map((kept) => `e${wanted.indexOf(kept)}`));
          expect(other.driver.byteCount).toBe(bytesOf(model));
          other.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('attempts', () => {
  it('are forgotten a month after they ended', async () => {
    await bench.keep('cat', CAT);
    await machine.clock.advance(30 * 24 * HOUR);
    await bench.garbageCollector().runOnce();
    expect(await machine.rows('select id from purchases')).toHaveLength(1);
    await machine.clock.advance(1);
    await bench.garbageCollector().runOnce();
    expect(await machine.rows('select id from purchases')).toEqual([]);
  });
});

describe('bytes without rows', () => {
  async function orphan(bytes: Uint8Array): Promise<void> {
    const stage = await machine.driver.stage();
    await stage.write(bytes);
    await stage.commit(digestOf(bytes), bytes.length);
  }

  it('are removed when they have been there for an hour, and nothing else is', async () => {
    await bench.keep('cat', CAT);
    await orphan(DOG);
    await machine.clock.advance(1);
    await orphan(BIRD);
    await machine.clock.advance(HOUR - 1);
    expect(await bench.garbageCollector().sweepOrphans()).toMatchObject({ blobs: 1 });
    expect((await machine.digests()).sort()).toEqual([digestOf(BIRD), digestOf(CAT)].sort());
    await machine.clock.advance(HOUR);
    expect(await bench.garbageCollector().sweepOrphans()).toMatchObject({ blobs: 1 });
    await expectWhole();
  });

  it('come back when it turns out that rows name them after all', async () => {
    const entry = await bench.keep('cat', CAT);
    await orphan(DOG);
    await machine.clock.advance(HOUR);
    const older = machine.start();
    await machine.driver.discard(digestOf(CAT));
    machine.pictures.clear();
    expect(await older.integrity.ensureWhole(entry)).toBe(true);
    expect(older.reporter.of('healed').map(({ how }) => how)).toEqual(['recovered']);
    expect((await machine.digests()).sort()).toEqual([digestOf(CAT), digestOf(DOG)].sort());
  });

  it('are in the trash for thirty days, and within what the budget leaves', async () => {
    await orphan(CAT);
    await machine.clock.advance(HOUR);
    await bench.garbageCollector().sweepOrphans();
    await bench.garbageCollector({ maxBytes: CAT.length }).runOnce();
    await machine.clock.advance(30 * 24 * HOUR);
    await bench.garbageCollector().runOnce();
    expect(await machine.driver.recover(digestOf(CAT))).toBe(true);
    await machine.driver.discard(digestOf(CAT));
    await bench.garbageCollector({ maxBytes: CAT.length - 1 }).runOnce();
    expect(await machine.driver.recover(digestOf(CAT))).toBe(false);
    await orphan(CAT);
    await machine.driver.discard(digestOf(CAT));
    await machine.clock.advance(30 * 24 * HOUR + 1);
    await bench.garbageCollector().runOnce();
    expect(await machine.driver.recover(digestOf(CAT))).toBe(false);
  });

  it('stay where they are when they are more than garbage can be: an older database beside newer images', async () => {
    for (let number = 1; number <= 12; number += 1) await orphan(png(10 + number, 10));
    await machine.clock.advance(HOUR);
    expect(await bench.garbageCollector().sweepOrphans()).toMatchObject({ blobs: 0 });
    expect(await machine.digests()).toHaveLength(12);
    expect(bench.reporter.of('failure')).toMatchObject([{ where: 'orphan sweep' }]);
  });

  it('are left by a failed deletion of bytes, and removed by the next sweep', async () => {
    await bench.keep('cat', CAT);
    bench.faults.fail('driver.delete', new AppError('storage_failed', 'broken'));
    await machine.clock.advance(2 * HOUR);
    await expect(bench.garbageCollector({ maxBytes: 0 }).runOnce()).rejects.toMatchObject({
      code: 'storage_failed',
    });
    expect(await names()).toEqual([]);
    bench.faults.heal('driver.delete');
    expect(await bench.garbageCollector().sweepOrphans()).toMatchObject({ blobs: 1 });
    await expectWhole();
  });

  it('are not removed under a publication that is about to name them', async () => {
    await orphan(CAT);
    await machine.clock.advance(2 * HOUR);
    const gate = createGate();
    const publishing = bench.lock.shared([], async () => {
      await gate.opened;
      const paid = await bench.answered('cat', CAT);
      const [staged] = await bench.downloader.downloadAll(paid.assets);
      await staged?.commit();
      await bench.entries.insert({
        ...paid.identity,
        answer: '[]',
        usage: undefined,
        upstreamRequestId: undefined,
        cost: undefined,
        elapsedMs: undefined,
        createdAt: machine.clock.now(),
        images: [
          {
            digest: digestOf(CAT),
            size: CAT.length,
            mediaType: 'image/png',
            width: 10,
            height: 10,
            sourceUrl: undefined,
          },
        ],
      });
    });
    const sweeping = bench.garbageCollector().sweepOrphans();
    await settle();
    gate.open();
    await publishing;
    expect(await sweeping).toMatchObject({ blobs: 0 });
    await expectWhole();
  });
});

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

it('collection on demand is done once at a time, and again when it has ended', async () => {
  await bench.keep('old', CAT);
  await machine.clock.advance(2 * HOUR);
  const garbageCollector = bench.garbageCollector({ maxAgeMs: HOUR });
  const first = garbageCollector.collect(() => {});
  await expect(garbageCollector.collect(() => {})).rejects.toMatchObject({ code: 'overloaded' });
  expect(await first).toMatchObject({ entries: 1 });
  expect(await garbageCollector.collect(() => {})).toMatchObject({ entries: 0 });
});
