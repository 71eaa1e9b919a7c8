import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { png } from '../../support/data/sample-images.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
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
  (await machine.rows(`select state from attempts where id = '${id}'`))[0]?.state;

describe('keeping', () => {
  it('stores blobs, rows and the end of the attempt', async () => {
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

describe('recovery', () => {
  it('calls attempts without an answer unknown, and says so', async () => {
    await bench.attempts.open({
      id: 'a',
      site: 'cn',
      scope: 's',
      key: 'k',
      model: 'm',
      account: 'a',
      recipe: '{}',
      createdAt: 0,
    });
    await bench.keep('cat', CAT);
    const later = machine.start();
    expect(await later.recovery.closeOpen()).toBe(1);
    expect(await stateOf('a')).toBe('unknown');
    expect(await stateOf('cat')).toBe('stored');
    expect(later.reporter.of('outcome-unknown')).toMatchObject([{ attemptId: 'a', model: 'm' }]);
    expect(await later.recovery.closeOpen()).toBe(0);
  });

  it('stores what was answered, as it would have been', async () => {
    await bench.answered('pets', CAT, DOG);
    const later = machine.start();
    expect(await later.recovery.finishAnswered()).toBe(1);
    const address = { site: 'cn', scope: 'alice', key: 'k1:pets' };
    const canonical = '{"model":"qwen-image-max","prompt":"pets"}';
    const entry = await later.entries.findNewest({ ...address, canonical });
    expect(entry).toMatchObject({ take: 1, prompt: 'pets', upstreamRequestId: 'upstream-1' });
    expect(await stateOf('pets')).toBe('stored');
    expect(await later.recovery.finishAnswered()).toBe(0);
  });

  it('leaves pictures that cannot be had now for the next start while their URLs live', async () => {
    await bench.answered('cat', CAT);
    const pictures = new Map(machine.pictures);
    machine.pictures.clear();
    const finishing = machine.start().recovery.finishAnswered();
    await machine.clock.advance(30_000);
    expect(await finishing).toBe(0);
    expect(await stateOf('cat')).toBe('answered');
    for (const [url, bytes] of pictures) machine.pictures.set(url, bytes);
    expect(await machine.start().recovery.finishAnswered()).toBe(1);
    expect(await stateOf('cat')).toBe('stored');
  });

  it('gives up pictures that are gone for good, and goes on with the others', async () => {
    await bench.answered('gone', CAT);
    machine.pictures.clear();
    await machine.clock.advance(24 * 60 * 60 * 1000);
    await bench.answered('there', DOG);
    const later = machine.start();
    const finishing = later.recovery.finishAnswered();
    await machine.clock.advance(30_000);
    expect(await finishing).toBe(1);
    expect(await stateOf('gone')).toBe('unstored');
    expect(await stateOf('there')).toBe('stored');
    expect(later.reporter.of('not-stored')).toHaveLength(1);
  });

  it('gives up a record that makes no sense', async () => {
    await bench.answered('odd', CAT);
    await machine.rows(`update attempts set answer = '{' returning id`);
    expect(await machine.start().recovery.finishAnswered()).toBe(0);
    expect(await stateOf('odd')).toBe('unstored');
  });

  it('leaves what the store cannot take now for the next start', async () => {
    await bench.answered('cat', CAT);
    await bench.answered('dog', DOG);
    const later = machine.start();
    later.faults.fail('database.batch', new AppError('storage_full', 'full'));
    expect(await later.recovery.finishAnswered()).toBe(0);
    expect(await stateOf('cat')).toBe('answered');
    expect(later.reporter.of('not-stored')).toHaveLength(2);
    expect(await machine.start().recovery.finishAnswered()).toBe(2);
    expect(await stateOf('cat')).toBe('stored');
  });

  it('goes on when a record cannot be closed', async () => {
    await bench.answered('gone', CAT);
    machine.pictures.clear();
    await bench.answered('also gone', DOG);
    machine.pictures.clear();
    await machine.clock.advance(24 * 60 * 60 * 1000);
    const later = machine.start();
    later.faults.fail('database.batch', new AppError('storage_failed', 'broken'));
    const finishing = later.recovery.finishAnswered();
    await machine.clock.advance(30_000);
    await machine.clock.advance(30_000);
    expect(await finishing).toBe(0);
    const places = later.reporter.of('failure').map(({ where }) => where);
    expect(places.sort()).toEqual(['attempt record', 'attempt record', 'task record', 'task record']);
  });
});

describe('a crash', () => {
  const restart = async () => {
    const next = machine.start();
    await machine.driver.sweepStages();
    await next.recovery.closeOpen();
    await next.recovery.finishAnswered();
    await machine.clock.advance(2 * 60 * 60 * 1000);
    await next.garbageCollector().sweepOrphans();
  };

  it('at any step leaves an entry that is whole, or an attempt that is known to be unknown, and no litter', async () => {
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
        // The first two calls record the attempt and its answer.
        const recorded = index > 0 || takesEffect;
        const answered = index > 1 || (index === 1 && takesEffect);
        const states = (await machine.rows('select state from attempts')).map(({ state }) => state);
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
