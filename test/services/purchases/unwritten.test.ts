import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { Services } from '../../../src/services/create-services.ts';
import { png } from '../../support/data/sample-images.ts';
import { answer, drawn, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { imageRequest, startServices } from '../../support/servers/services-bench.ts';
import { Machine } from '../../support/servers/store-bench.ts';

const MINUTE_MS = 60_000;

let machine: Machine;
let upstream: FakeUpstream;
let faults: Faults;
let services: Services;
beforeEach(async () => {
  machine = await Machine.open();
  upstream = new FakeUpstream();
  upstream.onGenerate = () => {
    const url = `https://results.example/${upstream.calls.length}.png`;
    machine.pictures.set(url, png(upstream.calls.length, 8));
    return answer(200, drawn(url));
  };
  faults = new Faults();
  services = startServices(machine, upstream, { faults });
});
afterEach(() => machine.close());

const fill = () => faults.fail('database.batch', new AppError('storage_full', 'full'));
const states = async () =>
  (await machine.rows('select state from purchases order by rowid')).map(({ state }) => state);
const spent = async () =>
  (await machine.rows('select sum(spent_cny) as cny, sum(spent_unpriced) as unpriced from ledger'))[0];

/** The caretaker's round, once it is time. */
async function round(): Promise<void> {
  await machine.clock.advance(MINUTE_MS);
  services.registry.retry();
  await machine.clock.advance(MINUTE_MS);
  await services.registry.settled();
}

describe('what was bought while the disk was full is on record once there is room', () => {
  it('when it has ended by then', async () => {
    fill();
    upstream.onGenerate = () => answer(200, { surprise: true });
    await services.images.generate(imageRequest('cat'));
    expect(await states()).toEqual([]);
    faults.heal('database.batch');
    await round();
    expect([await states(), await spent()]).toEqual([['unstored'], { cny: 0, unpriced: 1 }]);
    expect(services.registry.list()).toEqual([]);
  });

  it('when another has bought the same meanwhile', async () => {
    fill();
    expect(await services.images.generate(imageRequest('cat'))).toMatchObject({ kind: 'relay' });
    faults.heal('database.batch');
    await services.images.generate(imageRequest('cat', { noCache: true }));
    await round();
    expect([await states(), upstream.calls.length]).toEqual([['stored', 'stored'], 2]);
    expect(await spent()).toEqual({ cny: 1, unpriced: 0 });
  });
});

it('a paid answer is told to who asks again, while nothing can be written', async () => {
  const draw = upstream.onGenerate;
  upstream.onGenerate = async (call) => {
    faults.fail('database.batch', new AppError('storage_failed', 'away'));
    return await draw(call);
  };
  expect(await services.images.generate(imageRequest('cat'))).toMatchObject({ kind: 'relay' });
  expect(await services.images.generate(imageRequest('cat'))).toMatchObject({
    kind: 'relay',
    status: { collapsed: true },
  });
  faults.heal('database.batch');
  expect(await services.images.generate(imageRequest('cat'))).toMatchObject({ kind: 'entry' });
  expect([await states(), await spent(), upstream.calls.length]).toEqual([
    ['stored'],
    { cny: 0.5, unpriced: 0 },
    1,
  ]);
});
