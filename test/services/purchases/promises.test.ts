import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { Services } from '../../../src/services/create-services.ts';
import type { ImageOutcome } from '../../../src/services/image-request.ts';
import { png } from '../../support/data/sample-images.ts';
import { answer, drawn, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';
import { imageRequest, startServices } from '../../support/servers/services-bench.ts';
import { Machine } from '../../support/servers/store-bench.ts';

let machine: Machine;
let upstream: FakeUpstream;
let faults: Faults;
let services: Services;

function start(env: Readonly<Record<string, string>> = {}): Services {
  return startServices(machine, upstream, { faults, reporter: new RecordingReporter(), env });
}

beforeEach(async () => {
  machine = await Machine.open();
  upstream = new FakeUpstream();
  upstream.onGenerate = () => {
    const url = `https://results.example/${upstream.calls.length}.png`;
    machine.pictures.set(url, png(upstream.calls.length, 8));
    return answer(200, drawn(url));
  };
  faults = new Faults();
  services = start();
});
afterEach(() => machine.close());

const states = async () =>
  (await machine.rows('select state from purchases order by rowid')).map(({ state }) => state);
const spent = async () => {
  const [row] = await machine.rows(
    'select coalesce(sum(spent_cny), 0) as cny, coalesce(sum(spent_unpriced), 0) as unpriced from ledger',
  );
  return row;
};
const asTask = (prompt: string, more: Parameters<typeof imageRequest>[2] = {}) =>
  imageRequest(prompt, {}, { isAsyncUpstream: true, ...more });
const as = (account: string) => ({ scope: 'alice', account, apiKey: `sk-${account}`, needsProof: false });
async function submit(request: ReturnType<typeof imageRequest>): Promise<string> {
  const submission = await services.tasks.submit(request, 'choices');
  if (submission.kind !== 'task') throw new Error('no task');
  return submission.id;
}
const accepted = () => answer(200, { output: { task_id: 'task-1', task_status: 'PENDING' } });

describe('the ledger is the bill', () => {
  it('at once, whenever the process ends', async () => {
    for (const prompt of ['cat', 'dog', 'bird']) await services.images.generate(imageRequest(prompt));
    // No flush: as after kill -9.
    expect(await spent()).toEqual({ cny: 1.5, unpriced: 0 });
    expect(
      await machine.rows('select sum(images) as images, sum(cost_amount) as cost from purchases'),
    ).toEqual([{ images: 3, cost: 1.5 }]);
  });

  it('for what was not to be stored, and for what is not understood', async () => {
    await services.images.generate(imageRequest('cat', { noStore: true }));
    expect(await spent()).toEqual({ cny: 0.5, unpriced: 0 });
    upstream.onGenerate = () => answer(200, { surprise: true });
    const outcome = await services.images.generate(imageRequest('dog'));
    expect(outcome).toMatchObject({ kind: 'relay', status: { detail: 'not understood' } });
    expect(await spent()).toEqual({ cny: 0.5, unpriced: 1 });
    expect(await states()).toEqual(['unstored', 'unstored']);
  });

  it('not for what says itself that there is no image, and not for refusals', async () => {
    upstream.onGenerate = () =>
      answer(200, { output: { choices: [{ message: { content: [{ text: 'no' }] } }] } });
    await expect(services.images.generate(imageRequest('cat'))).rejects.toMatchObject({ code: 'no_image' });
    upstream.onGenerate = () => answer(400, { code: 'InvalidParameter' });
    await services.images.generate(imageRequest('cat'));
    expect([await spent(), await states()]).toEqual([{ cny: 0, unpriced: 0 }, ['failed', 'refused']]);
  });
});

describe('what came is what was asked', () => {
  const pair = () => {
    const canonical = JSON.stringify({ model: 'qwen-image-2.0', parameters: { n: 2 } });
    return imageRequest(
      'pair',
      {},
      {
        recipe: { model: 'qwen-image-2.0', prompt: 'pair', canonical, seedless: true },
      },
    );
  };

  it('else it is relayed, paid and no entry', async () => {
    expect(await services.images.generate(pair())).toMatchObject({
      kind: 'relay',
      status: { detail: 'partial failure' },
    });
    expect([await states(), await machine.rows('select id from entries')]).toEqual([['unstored'], []]);
    expect((await machine.rows('select images from purchases'))[0]).toEqual({ images: 1 });
  });

  it('also where the answer counts failures', async () => {
    upstream.onGenerate = () => {
      const url = 'https://results.example/1.png';
      machine.pictures.set(url, png(1, 8));
      const body = JSON.parse(JSON.stringify(drawn(url)));
      return answer(200, { ...body, output: { ...body.output, task_metric: { FAILED: 1, SUCCEEDED: 1 } } });
    };
    await services.images.generate(imageRequest('cat'));
    expect(await states()).toEqual(['unstored']);
  });
});

describe('one account’s refusal', () => {
  it.each([
    [401, 'InvalidApiKey'],
    [400, 'Arrearage'],
    [429, 'PrepaidBillOverdue'],
  ])('%i %s is answered to that account only: the others go on with their own key', async (status, code) => {
    const draw = upstream.onGenerate;
    const gate = createGate();
    upstream.onGenerate = async (call) => {
      if (call.apiKey !== 'sk-poor') return await draw(call);
      await gate.opened;
      return answer(status, { code });
    };
    const ask = (account: string) =>
      services.images.generate(
        imageRequest(
          'cat',
          {},
          {
            scope: 'shared',
            account,
            apiKey: `sk-${account}`,
            call: async () => ({ path: '/', headers: [], body: new Uint8Array(1), apiKey: `sk-${account}` }),
          },
        ),
      );
    const asked: Promise<ImageOutcome>[] = [];
    for (const account of ['poor', 'rich', 'poor', 'rich', 'other']) {
      asked.push(ask(account));
      await settle();
    }
    gate.open();
    const outcomes = await Promise.all(asked);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['relay', 'entry', 'relay', 'entry', 'entry']);
    expect(upstream.calls.map(({ apiKey }) => apiKey)).toEqual(['sk-poor', 'sk-rich']);
  });

  it('of the request itself is everybody’s', async () => {
    const gate = createGate();
    upstream.onGenerate = async () => {
      await gate.opened;
      return answer(400, { code: 'DataInspectionFailed' });
    };
    const asked = ['a', 'b'].map((account) =>
      services.images.generate(imageRequest('cat', {}, { scope: 'shared', account })),
    );
    await settle();
    gate.open();
    for (const outcome of await Promise.all(asked)) expect(outcome).toMatchObject({ kind: 'relay' });
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('a cancel that succeeds does not pay', () => {
  it('of a task that waits for its turn', async () => {
    services = start({ DASHCACHE_CONCURRENCY: '1' });
    const permit = await services.governor.acquire('qwen-image-max', 'account');
    const id = await submit(imageRequest('cat'));
    expect((await services.tasks.find(id, as('account')))?.state).toBe('PENDING');
    expect(await services.tasks.cancel(id, as('account'))).toEqual({ kind: 'canceled' });
    permit.release('failed');
    await settle();
    expect([upstream.calls.length, await states()]).toEqual([0, ['withdrawn']]);
    expect((await services.tasks.find(id, as('account')))?.state).toBe('CANCELED');
    // Who asks now is not told of it.
    expect(await services.images.generate(imageRequest('cat'))).toMatchObject({ kind: 'entry' });
  });

  it('of a task that is sent is refused, and says that it runs', async () => {
    const gate = createGate();
    const draw = upstream.onGenerate;
    upstream.onGenerate = async (call) => {
      await gate.opened;
      return await draw(call);
    };
    const id = await submit(imageRequest('cat'));
    await settle();
    expect((await services.tasks.find(id, as('account')))?.state).toBe('RUNNING');
    expect(await services.tasks.cancel(id, as('account'))).toEqual({ kind: 'refused' });
    gate.open();
    await services.registry.settled();
    await settle();
    expect((await services.tasks.find(id, as('account')))?.state).toBe('SUCCEEDED');
  });

  it.each([
    ['dropped', 200, 2],
    ['not dropped', 400, 1],
  ])('newcomers wait for its verdict: %s', async (_, status, sent) => {
    upstream.onGenerate = accepted;
    upstream.onPoll = accepted;
    const gate = createGate();
    upstream.cancel = async () => {
      await gate.opened;
      return answer(status, {});
    };
    const id = await submit(asTask('cat'));
    const canceling = services.tasks.cancel(id, as('account'));
    await settle();
    void services.images.generate(asTask('cat')).catch(() => undefined);
    await settle();
    expect(upstream.calls).toHaveLength(1);
    gate.open();
    await canceling;
    await settle();
    expect(upstream.calls).toHaveLength(sent);
    services.stopFollowing();
  });

  it('of one of two tasks leaves the other', async () => {
    services = start({ DASHCACHE_CONCURRENCY: '1' });
    const permit = await services.governor.acquire('qwen-image-max', 'account');
    const ids = [await submit(imageRequest('cat')), await submit(imageRequest('cat'))];
    expect(await services.tasks.cancel(ids[0] ?? '', as('account'))).toEqual({ kind: 'canceled' });
    permit.release('failed');
    await services.registry.settled();
    await settle();
    expect((await services.tasks.find(ids[1] ?? '', as('account')))?.state).toBe('SUCCEEDED');
    expect((await services.tasks.find(ids[0] ?? '', as('account')))?.state).toBe('CANCELED');
  });
});

describe('takes', () => {
  it('the first take and a plain request are one purchase, whoever comes first', async () => {
    for (const [first, second] of [
      [undefined, 1],
      [1, undefined],
    ]) {
      const prompt = `cat ${first}`;
      const asked = [first, second].map((take) => services.images.generate(imageRequest(prompt, { take })));
      const [one, other] = await Promise.all(asked);
      expect(one).toMatchObject({ kind: 'entry', entry: { take: 1 } });
      expect(other).toMatchObject({ kind: 'entry', entry: { take: 1 } });
    }
    expect(upstream.calls).toHaveLength(2);
  });

  it('who asks for the first take gets it, although another than the joined purchase became it', async () => {
    const gates = [createGate(), createGate()];
    const draw = upstream.onGenerate;
    upstream.onGenerate = async (call) => {
      const drawn = await draw(call);
      await gates[upstream.calls.indexOf(call)]?.opened;
      return drawn;
    };
    const plain = services.images.generate(imageRequest('cat'));
    await settle();
    const fresh = services.images.generate(imageRequest('cat', { noCache: true }));
    await settle();
    const first = services.images.generate(imageRequest('cat', { take: 1 }));
    await settle();
    gates[1]?.open();
    expect(await fresh).toMatchObject({ entry: { take: 1 } });
    gates[0]?.open();
    expect(await plain).toMatchObject({ entry: { take: 2 } });
    expect(await first).toMatchObject({ entry: { take: 1 } });
    expect(upstream.calls).toHaveLength(2);
  });

  it('a second take is one of its own', async () => {
    const asked = [undefined, 2].map((take) => services.images.generate(imageRequest('cat', { take })));
    await Promise.all(asked);
    expect(upstream.calls).toHaveLength(2);
  });
});

describe('a full disk', () => {
  it('refuses a task before anything is paid', async () => {
    faults.fail('database.batch', new AppError('storage_full', 'full'));
    await expect(submit(asTask('cat'))).rejects.toMatchObject({ code: 'storage_full' });
    await expect(submit(imageRequest('dog'))).rejects.toMatchObject({ code: 'storage_full' });
    expect([upstream.calls.length, services.registry.list()]).toEqual([0, []]);
  });

  it('for a moment, while the entry is inserted, leaves the purchase where it stands', async () => {
    const gate = createGate();
    const draw = upstream.onGenerate;
    upstream.onGenerate = async (call) => {
      await gate.opened;
      return await draw(call);
    };
    const drawing = services.images.generate(imageRequest('cat'));
    await settle();
    faults.fail('stage.commit', new AppError('storage_failed', 'away'));
    gate.open();
    expect(await drawing).toMatchObject({ kind: 'relay', status: { detail: 'not stored' } });
    faults.heal('stage.commit');
    expect(await services.images.generate(imageRequest('cat'))).toMatchObject({
      kind: 'entry',
      status: { stored: true, collapsed: true },
    });
    expect([upstream.calls.length, await states()]).toEqual([1, ['stored']]);
  });
});

it('a task id that comes where none was asked for is followed', async () => {
  upstream.onGenerate = accepted;
  const url = 'https://results.example/late.png';
  machine.pictures.set(url, png(3, 8));
  upstream.onPoll = () => {
    const { output } = JSON.parse(JSON.stringify(drawn(url)));
    return answer(200, { output: { ...output, task_id: 'task-1', task_status: 'SUCCEEDED' } });
  };
  const drawing = services.images.generate(imageRequest('cat'));
  await machine.clock.advance(10_000);
  expect(await drawing).toMatchObject({ kind: 'entry' });
});

it('inline base64 is stored, and never stands in a row', async () => {
  const base64 = Buffer.from(png(40, 40)).toString('base64');
  upstream.onGenerate = () => answer(200, { output: { results: [{ b64_image: base64 }] } });
  expect(await services.images.generate(imageRequest('cat'))).toMatchObject({ kind: 'entry' });
  const rows = JSON.stringify([
    await machine.rows('select * from purchases'),
    await machine.rows('select * from entries'),
  ]);
  expect(rows).not.toContain(base64.slice(0, 60));
  expect(await states()).toEqual(['stored']);
});
