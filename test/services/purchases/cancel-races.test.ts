import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Services } from '../../../src/services/create-services.ts';
import { answer, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { imageRequest, startServices } from '../../support/servers/services-bench.ts';
import { Machine } from '../../support/servers/store-bench.ts';

const ALICE = { scope: 'alice', account: 'account', apiKey: 'sk', needsProof: false };

let machine: Machine;
let upstream: FakeUpstream;
let services: Services;
beforeEach(async () => {
  machine = await Machine.open();
  upstream = new FakeUpstream();
});
afterEach(() => machine.close());

const states = async () => (await machine.rows('select state from purchases')).map(({ state }) => state);
const stateOf = async (id: string) => (await services.tasks.find(id, ALICE))?.state;
async function submit(request: ReturnType<typeof imageRequest>): Promise<string> {
  const submission = await services.tasks.submit(request, 'choices');
  if (submission.kind !== 'task') throw new Error('no task');
  return submission.id;
}

/** From now on writes wait, until the gate is opened. */
function holdWrites() {
  const gate = createGate();
  const { database } = machine;
  const batch = database.batch.bind(database);
  database.batch = async (statements) => {
    await gate.opened;
    return await batch(statements);
  };
  return gate;
}

describe('a cancel that succeeds does not pay', () => {
  it('although its turn comes while the cancel is written', async () => {
    services = startServices(machine, upstream, { env: { DASHCACHE_CONCURRENCY: '1' } });
    const permit = await services.governor.acquire('qwen-image-max', 'account');
    const id = await submit(imageRequest('cat'));
    const writes = holdWrites();
    const canceling = services.tasks.cancel(id, ALICE);
    await settle();
    permit.release('failed');
    await settle();
    writes.open();
    expect(await canceling).toEqual({ kind: 'canceled' });
    await services.registry.settled();
    expect([upstream.calls.length, await stateOf(id), await states()]).toEqual([
      0,
      'CANCELED',
      ['withdrawn'],
    ]);
  });

  it('although all tasks of a job are canceled at once', async () => {
    services = startServices(machine, upstream);
    const job = (state: string) => answer(200, { output: { task_id: 'job', task_status: state } });
    upstream.onGenerate = () => job('PENDING');
    upstream.onPoll = () => job(upstream.cancels.length > 0 ? 'CANCELED' : 'PENDING');
    const request = imageRequest('cat', {}, { isAsyncUpstream: true });
    const ids = [await submit(request), await submit(request), await submit(request)];
    const verdicts = await Promise.all(ids.map((id) => services.tasks.cancel(id, ALICE)));
    expect(verdicts.map((verdict) => verdict?.kind)).toEqual(['canceled', 'canceled', 'canceled']);
    expect(upstream.cancels).toHaveLength(1);
    await machine.clock.advance(10_000);
    await services.registry.settled();
    expect([await states(), services.registry.list()]).toEqual([['withdrawn'], []]);
  });

  it('and one task that is canceled twice at once takes nothing from the others', async () => {
    services = startServices(machine, upstream);
    const pending = () => answer(200, { output: { task_id: 'job', task_status: 'PENDING' } });
    upstream.onGenerate = pending;
    upstream.onPoll = pending;
    const request = imageRequest('cat', {}, { isAsyncUpstream: true });
    const [id = '', other = ''] = [await submit(request), await submit(request)];
    const verdicts = await Promise.all([id, id].map((each) => services.tasks.cancel(each, ALICE)));
    expect(verdicts.map((verdict) => verdict?.kind)).toEqual(['canceled', 'refused']);
    expect([upstream.cancels, await stateOf(other)]).toEqual([[], 'PENDING']);
    services.stopFollowing();
  });
});
