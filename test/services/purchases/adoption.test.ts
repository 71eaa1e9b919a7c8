import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { png } from '../../support/data/sample-images.ts';
import { FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';
import { imageRequest, startServices } from '../../support/servers/services-bench.ts';
import { Machine, type StoreBench } from '../../support/servers/store-bench.ts';

const [CAT, DOG] = [png(10, 10), png(20, 20)];
const DAY_MS = 24 * 60 * 60 * 1000;

let machine: Machine;
let bench: StoreBench;
let upstream: FakeUpstream;
let reporter: RecordingReporter;
beforeEach(async () => {
  machine = await Machine.open();
  bench = machine.start();
  upstream = new FakeUpstream();
  reporter = new RecordingReporter();
});
afterEach(() => machine.close());

const stateOf = async (id: string) =>
  (await machine.rows(`select state from purchases where id = '${id}'`))[0]?.state;

/** A process that is started on the machine, once it has done what it can. */
async function restart(faults = new Faults()) {
  const services = startServices(machine, upstream, { faults, reporter });
  await services.adopter.adoptAll();
  await machine.clock.advance(30_000);
  await services.registry.settled();
  return services;
}

it('what was sent and not answered is unknown, told once, and never sent again', async () => {
  await bench.sent('a');
  await bench.keep('cat', CAT);
  await restart();
  expect([await stateOf('a'), await stateOf('cat')]).toEqual(['unknown', 'stored']);
  await restart();
  expect(reporter.of('outcome-unknown')).toMatchObject([{ purchaseId: 'a', model: 'qwen-image-max' }]);
  expect(upstream.calls).toEqual([]);
});

it('what was answered is stored as it would have been', async () => {
  await bench.answered('pets', CAT, DOG);
  await restart();
  const address = { site: 'cn', scope: 'alice', key: 'k1:pets' };
  const canonical = '{"model":"qwen-image-max","prompt":"pets"}';
  expect(await machine.start().entries.findNewest({ ...address, canonical })).toMatchObject({
    take: 1,
    prompt: 'pets',
    upstreamRequestId: 'upstream-1',
    cost: { amount: 1, currency: 'CNY' },
    elapsedMs: 5,
  });
  expect(await stateOf('pets')).toBe('stored');
});

describe('pictures that cannot be had now', () => {
  beforeEach(() => {
    machine.missing = 503;
  });

  it('are tried again while their URLs live, by the round and by who asks for them, and bought once', async () => {
    await bench.answered('cat', CAT);
    const pictures = new Map(machine.pictures);
    machine.pictures.clear();
    const services = await restart();
    expect(await stateOf('cat')).toBe('answered');
    const asked = services.images.generate(imageRequest('cat'));
    await machine.clock.advance(30_000);
    expect(await asked).toMatchObject({ kind: 'relay', status: { detail: 'not stored', collapsed: true } });
    for (const [url, bytes] of pictures) machine.pictures.set(url, bytes);
    const again = await services.images.generate(imageRequest('cat'));
    expect(again).toMatchObject({ kind: 'entry', status: { stored: true } });
    expect([await stateOf('cat'), upstream.calls.length]).toEqual(['stored', 0]);
  });

  it('wait longer after each failure', async () => {
    await bench.answered('cat', CAT);
    machine.pictures.clear();
    const services = await restart();
    const tries = () => new Set(reporter.of('not-stored')).size;
    const before = tries();
    for (let minute = 0; minute < 60; minute += 1) {
      await services.adopter.adoptAll();
      await machine.clock.advance(60_000);
    }
    expect(tries() - before).toBeGreaterThan(3);
    expect(tries() - before).toBeLessThan(8);
  });

  it('are given up when the URLs’ life is over, and the others are gone on with', async () => {
    await bench.answered('gone', CAT);
    machine.pictures.clear();
    await machine.clock.advance(DAY_MS);
    await bench.answered('there', DOG);
    await restart();
    expect([await stateOf('gone'), await stateOf('there')]).toEqual(['unstored', 'stored']);
    expect(reporter.of('not-stored')).toHaveLength(1);
  });
});

it('a picture that is gone from where it lay is given up, and who asks again buys again', async () => {
  await bench.answered('cat', CAT);
  machine.pictures.clear();
  const services = await restart();
  expect(await stateOf('cat')).toBe('unstored');
  machine.pictures.set('https://results.example/1.png', CAT);
  expect(await services.images.generate(imageRequest('cat'))).toMatchObject({ kind: 'entry' });
  expect(upstream.calls).toHaveLength(1);
});

it('a record that makes no sense is given up', async () => {
  await bench.answered('odd', CAT);
  await machine.rows(`update purchases set answer = '{' returning id`);
  await restart();
  expect(await stateOf('odd')).toBe('unstored');
});

it('what the store cannot take now stays where it stands, and is stored by the same process later', async () => {
  await bench.answered('cat', CAT);
  await bench.answered('dog', DOG);
  const faults = new Faults();
  faults.fail('database.batch', new AppError('storage_full', 'full'));
  const services = await restart(faults);
  expect(await stateOf('cat')).toBe('answered');
  expect(reporter.of('not-stored')).toHaveLength(2);
  faults.heal('database.batch');
  await machine.clock.advance(60_000);
  await services.adopter.adoptAll();
  await services.registry.settled();
  expect([await stateOf('cat'), await stateOf('dog')]).toEqual(['stored', 'stored']);
});

it('two processes at once store one answered purchase as one entry', async () => {
  await bench.answered('cat', CAT);
  const both = [1, 2].map(() => startServices(machine, upstream, { reporter }));
  await Promise.all(both.map(({ adopter }) => adopter.adoptAll()));
  const asked = both.map(({ images }) => images.generate(imageRequest('cat')));
  for (const outcome of await Promise.all(asked)) expect(outcome).toMatchObject({ kind: 'entry' });
  expect(await machine.rows('select id from entries')).toHaveLength(1);
  expect(upstream.calls).toEqual([]);
});
