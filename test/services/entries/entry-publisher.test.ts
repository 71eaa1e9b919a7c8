import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { png } from '../../support/data/sample-images.ts';
import { FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { startServices } from '../../support/servers/services-bench.ts';
import { Machine, type StoreBench } from '../../support/servers/store-bench.ts';

const [CAT, DOG] = [png(10, 10), png(20, 20)];

let machine: Machine;
let bench: StoreBench;
beforeEach(async () => {
  machine = await Machine.open();
  bench = machine.start();
});
afterEach(() => machine.close());

const stateOf = async (id: string) =>
  (await machine.rows(`select state from purchases where id = '${id}'`))[0]?.state;

describe('keeping', () => {
  it('stores blobs, rows and the end of the purchase', async () => {
    const entry = await bench.keep('pets', CAT, DOG);
    expect(entry).toMatchObject({
      key: 'k1:pets',
      take: 1,
      upstreamRequestId: 'upstream-1',
      usage: '{"image_count":2}',
      cost: { amount: 1, currency: 'CNY' },
      elapsedMs: 5,
      images: [
        { width: 10, height: 10, mediaType: 'image/png', size: CAT.length },
        { width: 20, sourceUrl: 'https://results.example/pets-1.png' },
      ],
    });
    expect(await bench.entries.findNewest(entry)).toEqual(entry);
    expect(await machine.digests()).toEqual(entry.images.map(({ digest }) => digest));
    expect(await stateOf('pets')).toBe('stored');
    const [stored] = bench.reporter.of('stored');
    expect(stored).toMatchObject({ images: 2, bytes: CAT.length + DOG.length });
    expect(machine.driver.openStages).toBe(0);
  });

  it('stores nothing when one of the pictures cannot be had', async () => {
    const paid = await bench.answered('pets', CAT, DOG);
    machine.pictures.delete('https://results.example/pets-1.png');
    const keeping = expect(bench.publisher.keep(paid)).rejects.toMatchObject({ code: 'upstream_invalid' });
    await machine.clock.advance(30_000);
    await keeping;
    expect(await machine.digests()).toEqual([]);
    expect(await machine.rows('select id from entries')).toEqual([]);
    expect(machine.driver.openStages).toBe(0);
  });

  it.each(['stage.commit', 'database.batch'])('stores no rows when %s fails', async (step) => {
    const paid = await bench.answered('pets', CAT, DOG);
    bench.faults.fail(step, new AppError('storage_full', 'full'));
    await expect(bench.publisher.keep(paid)).rejects.toMatchObject({ code: 'storage_full' });
    expect(await machine.rows('select sha256 from blobs union all select id from entries')).toEqual([]);
    expect(await machine.digests()).toEqual([]);
    expect(machine.driver.openStages).toBe(0);
  });

  it('leaves the bytes alone that another entry shows when its own rows fail', async () => {
    const [image] = (await bench.keep('cat', CAT)).images;
    const paid = await bench.answered('pets', CAT, DOG);
    bench.faults.fail('database.batch', new AppError('storage_full', 'full'));
    await expect(bench.publisher.keep(paid)).rejects.toMatchObject({ code: 'storage_full' });
    expect(await machine.digests()).toEqual([image?.digest]);
  });
});

describe('a crash', () => {
  const restart = async () => {
    await machine.driver.sweepStages();
    const next = startServices(machine, new FakeUpstream());
    await next.adopter.adoptAll();
    await next.registry.settled();
    await machine.clock.advance(2 * 60 * 60 * 1000);
    await machine.start().garbageCollector().sweepOrphans();
  };

  it('at any step leaves an entry that is whole, or a purchase that is known to be unknown, and no litter', async () => {
    const rehearsal = new Faults();
    await machine.start(rehearsal).keep('pets', CAT, DOG);
    const steps = rehearsal.calls;
    expect(steps).toContain('stage.commit');
    for (const [index, step] of steps.entries()) {
      for (const takesEffect of [false, true]) {
        machine.close();
        machine = await Machine.open();
        const faults = new Faults();
        faults.crashAt(index + 1, takesEffect);
        const dying = machine.start(faults).keep('pets', CAT, DOG);
        // It may go on trying for a while; nothing that it does happens.
        dying.catch(() => undefined);
        await faults.crashed;
        await settle();
        await restart();
        const where = `${step} (call ${index + 1} of ${steps.length}, ${takesEffect ? 'done' : 'not done'})`;
        // The first two calls record the purchase and its answer.
        const recorded = index > 0 || takesEffect;
        const answered = index > 1 || (index === 1 && takesEffect);
        const states = (await machine.rows('select state from purchases')).map(({ state }) => state);
        expect(states, where).toEqual(answered ? ['stored'] : recorded ? ['unknown'] : []);
        expect(await machine.rows('select id from entries'), where).toHaveLength(answered ? 1 : 0);
        const blobs = (await machine.rows('select sha256 from blobs')).map(({ sha256 }) => sha256);
        expect(blobs.length, where).toBe(answered ? 2 : 0);
        expect((await machine.digests()).sort(), where).toEqual(blobs.sort());
        expect(machine.driver.openStages, where).toBe(0);
      }
    }
  });
});

describe('the byte budget', () => {
  it('is not exceeded by more than a tenth, however many publish at once', async () => {
    const images = Array.from({ length: 40 }, (_, index) => png(30 + index, 30));
    const maxBytes = 5 * Math.max(...images.map(({ length }) => length));
    const publisher = bench.publisherWithin(maxBytes);
    let most = 0;
    for (let at = 0; at < images.length; at += 2) {
      const paid = await Promise.all(
        images.slice(at, at + 2).map((image, index) => bench.answered(`${at + index}`, image)),
      );
      await Promise.all(paid.map((one) => publisher.keep(one)));
      most = Math.max(most, machine.driver.byteCount);
    }
    expect(most).toBeGreaterThan(maxBytes / 2);
    expect(most).toBeLessThanOrEqual(maxBytes * 1.1);
    // The last ones are there.
    expect((await machine.rows('select prompt from entries order by id desc limit 1'))[0]).toEqual({
      prompt: '39',
    });
  });

  it('takes no image that was paid for', async () => {
    await expect(bench.publisherWithin(1).keep(await bench.answered('pets', CAT))).resolves.toMatchObject({
      take: 1,
    });
  });
});
