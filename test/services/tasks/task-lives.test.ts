import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnswerFamily } from '../../../src/core/dashscope/endpoints.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { Services } from '../../../src/services/create-services.ts';
import type { ImageRequest } from '../../../src/services/image-request.ts';
import { TaskStore } from '../../../src/services/tasks/task-store.ts';
import { newEntry } from '../../support/data/entries.ts';
import { png } from '../../support/data/sample-images.ts';
import { answer, drawn, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';
import { imageRequest, startServices } from '../../support/servers/services-bench.ts';
import { identityOf, Machine } from '../../support/servers/store-bench.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const URL = 'https://results.example/1.png';

let machine: Machine;
let upstream: FakeUpstream;
let reporter: RecordingReporter;

beforeEach(async () => {
  machine = await Machine.open();
  upstream = new FakeUpstream();
  reporter = new RecordingReporter();
  machine.pictures.set(URL, png(1, 8));
});
afterEach(() => machine.close());

/** A process that is started on the machine. */
const start = (env: Readonly<Record<string, string>> = {}, faults = new Faults()) =>
  startServices(machine, upstream, { reporter, env, faults });

const as = (account: string) => ({ scope: 'alice', account, apiKey: `sk-${account}`, needsProof: false });

/** A request for a model that upstream has as tasks only. */
const asTask = (prompt: string, more: Partial<ImageRequest> = {}) =>
  imageRequest(prompt, {}, { isAsyncUpstream: true, ...more });

async function submit(services: Services, request: ImageRequest, family: AnswerFamily = 'choices') {
  const submission = await services.tasks.submit(request, family);
  if (submission.kind !== 'task') throw new Error('no task');
  return submission.id;
}

/** A task that a process which is gone left waiting for a purchase. */
async function waiting(purchaseId: string): Promise<string> {
  const { site, scope, key, model } = identityOf(purchaseId);
  await new TaskStore(machine.database).insert({
    id: `task of ${purchaseId}`,
    site,
    scope,
    key,
    model,
    family: 'choices',
    state: 'PENDING',
    purchaseId,
    entryId: undefined,
    body: undefined,
    submittedAt: machine.clock.now(),
    endedAt: undefined,
  });
  return `task of ${purchaseId}`;
}

const taken = () => answer(200, { output: { task_id: 'job-1', task_status: 'PENDING' } });
const purchases = () => machine.rows('select state from purchases order by rowid');

describe('a job that nobody comes back for', () => {
  beforeEach(() => {
    upstream.onGenerate = taken;
  });

  it('is called unknown when the vendor has forgotten it, as any other end that nobody saw', async () => {
    const first = start();
    await submit(first, asTask('cat'));
    first.stopFollowing();
    const later = start();
    await later.adopter.adoptAll();
    await machine.clock.advance(DAY_MS);
    await later.adopter.adoptAll();
    await settle();
    expect(await purchases()).toEqual([{ state: 'accepted' }]);
    await machine.clock.advance(30 * 60_000);
    await later.adopter.adoptAll();
    await settle();
    expect(await purchases()).toEqual([{ state: 'unknown' }]);
    expect(reporter.of('outcome-unknown')).toHaveLength(1);
    await machine.clock.advance(31 * DAY_MS);
    await later.garbageCollector.runOnce();
    expect(await purchases()).toEqual([]);
  });

  it('is followed again once a client of its account asks, be it for the task or for the picture', async () => {
    for (const asks of ['task', 'picture']) {
      const first = start();
      const id = await submit(first, asTask(asks));
      first.stopFollowing();
      const later = start();
      await later.adopter.adoptAll();
      await machine.clock.advance(60_000);
      expect(upstream.polls).toEqual([]);
      const another = asTask(asks, { account: 'another', apiKey: 'sk-another' });
      expect(later.registry.size).toBe(0);
      if (asks === 'task') await later.tasks.find(id, as('account'));
      else void later.images.generate(asTask(asks)).catch(() => undefined);
      await machine.clock.advance(1_000);
      expect(upstream.polls.length).toBeGreaterThan(0);
      // From now on others may wait for it too.
      void later.images.generate(another).catch(() => undefined);
      await settle();
      expect(upstream.calls).toHaveLength(asks === 'task' ? 1 : 2);
      later.stopFollowing();
      upstream.polls.length = 0;
    }
  });
});

it('a job whose id cannot be written down is followed all the same', async () => {
  upstream.onGenerate = taken;
  upstream.onPoll = () => {
    const { output } = JSON.parse(JSON.stringify(drawn(URL)));
    return answer(200, { output: { ...output, task_id: 'job-1', task_status: 'SUCCEEDED' } });
  };
  const faults = new Faults();
  faults.fail('database.batch', new AppError('storage_full', 'full'));
  const drawing = start({}, faults).images.generate(asTask('cat'));
  await machine.clock.advance(60_000);
  const outcome = await drawing;
  expect(outcome).toMatchObject({ kind: 'relay', status: { detail: 'not stored' } });
});

describe('what was answered before a crash and cannot be fetched at the start', () => {
  it('ends its tasks with upstream’s own URLs, and is stored later in the same life', async () => {
    await machine.start().answered('cat', png(1, 8));
    const pictures = new Map(machine.pictures);
    const id = await waiting('cat');
    machine.pictures.clear();
    machine.missing = 503;
    const later = start();
    await later.adopter.adoptAll();
    await settle();
    expect(await later.tasks.find(id, as('account'))).toMatchObject({ state: 'RUNNING' });
    await machine.clock.advance(30_000);
    const view = await later.tasks.find(id, as('account'));
    expect(view?.state).toBe('SUCCEEDED');
    expect(view?.task.body).toContain('https://results.example/cat-0.png');
    expect(await purchases()).toEqual([{ state: 'answered' }]);
    for (const [url, bytes] of pictures) machine.pictures.set(url, bytes);
    await machine.clock.advance(60_000);
    await later.adopter.adoptAll();
    await later.registry.settled();
    expect(await purchases()).toEqual([{ state: 'stored' }]);
  });

  it('is all that a later try takes up: what this process buys is in other hands', async () => {
    const services = start();
    await services.adopter.adoptAll();
    const url = 'https://results.example/late.png';
    upstream.onGenerate = () => answer(200, drawn(url));
    const drawing = services.images.generate(imageRequest('dog'));
    await settle();
    expect(await purchases()).toEqual([{ state: 'answered' }]);
    const asked = machine.transport.requests.length;
    await services.adopter.adoptAll();
    expect(machine.transport.requests).toHaveLength(asked);
    await machine.clock.advance(60_000);
    expect(await drawing).toMatchObject({ kind: 'relay' });
  });
});

it('a task is told of the very entry that its purchase was stored as', async () => {
  const bench = machine.start();
  const entry = await bench.keep('cat', png(1, 8));
  const id = await waiting('cat');
  // In the same millisecond: a further take, and a recipe whose key collides.
  const { site, scope, key, canonical } = identityOf('cat');
  for (const other of [canonical, '"collides"']) {
    await bench.entries.insert(
      newEntry({ site, scope, key, canonical: other, createdAt: machine.clock.now() }),
    );
  }
  const later = start();
  await later.adopter.adoptAll();
  expect(await later.tasks.find(id, as('account'))).toMatchObject({
    state: 'SUCCEEDED',
    entry: { id: entry.id },
  });
});

it('a task whose turn to be sent had not come when the process ended is told so', async () => {
  const gate = createGate();
  upstream.onGenerate = async () => {
    await gate.opened;
    return answer(200, drawn(URL));
  };
  const services = start({ DASHCACHE_CONCURRENCY: '1' });
  const ids = [];
  for (const prompt of ['cat', 'dog']) ids.push(await submit(services, imageRequest(prompt)));
  expect(upstream.calls).toHaveLength(1);
  // As if the process were gone.
  const later = start();
  await later.adopter.adoptAll();
  const bodies = [];
  for (const id of ids) {
    const view = await later.tasks.find(id, as('account'));
    expect(view?.state).toBe('FAILED');
    bodies.push(view?.task.body);
  }
  expect(bodies[0]).toContain('Whether it drew is not known');
  expect(bodies[1]).toContain('nothing was paid');
  gate.open();
  await services.images.close();
});

it('tasks of recipes whose keys collide wait for purchases of their own', async () => {
  await machine.start().answered('cat', png(1, 8));
  const services = start();
  await services.adopter.adoptAll();
  upstream.onGenerate = taken;
  const collision = () => asTask('dog', { key: 'k1:cat', recipe: { ...imageRequest('dog').recipe } });
  const submitting = [submit(services, collision()), submit(services, collision())];
  await Promise.all(submitting);
  const distinct = 'select count(distinct purchase_id) as n from tasks';
  expect(await machine.rows(distinct)).toEqual([{ n: upstream.calls.length }]);
  services.stopFollowing();
});

describe('canceling', () => {
  beforeEach(() => {
    upstream.onGenerate = taken;
  });

  it('asks the vendor with the key that submitted, whoever of the scope cancels', async () => {
    const services = start();
    const id = await submit(services, asTask('cat'));
    expect(await services.tasks.cancel(id, as('somebody else'))).toEqual({ kind: 'canceled' });
    expect(upstream.cancels).toEqual(['sk']);
    services.stopFollowing();
  });

  it('asks nothing of the vendor for an account whose key this process has not', async () => {
    const first = start();
    const id = await submit(first, asTask('cat'));
    first.stopFollowing();
    const later = start();
    await later.adopter.adoptAll();
    expect(await later.tasks.find(id, as('somebody else'))).toMatchObject({ state: 'PENDING' });
    // What cannot be canceled at the vendor's is paid: nobody is told otherwise.
    expect(await later.tasks.cancel(id, as('somebody else'))).toEqual({ kind: 'refused' });
    await machine.clock.advance(60_000);
    expect([upstream.polls, upstream.cancels]).toEqual([[], []]);
  });

  it('takes the job along when the only other client has hung up', async () => {
    const services = start();
    const line = new AbortController();
    const id = await submit(services, asTask('cat'));
    const drawing = services.images.generate(asTask('cat', { hangUp: line.signal }));
    drawing.catch(() => undefined);
    await settle();
    expect(upstream.calls).toHaveLength(1);
    line.abort();
    expect(await services.tasks.cancel(id, as('account'))).toEqual({ kind: 'canceled' });
    expect(upstream.cancels).toHaveLength(1);
    services.stopFollowing();
  });

  it('leaves the job to a client that still waits', async () => {
    const services = start();
    const id = await submit(services, asTask('cat'));
    const drawing = services.images.generate(asTask('cat', { hangUp: new AbortController().signal }));
    drawing.catch(() => undefined);
    await settle();
    expect(await services.tasks.cancel(id, as('account'))).toEqual({ kind: 'canceled' });
    expect(upstream.cancels).toEqual([]);
    services.stopFollowing();
  });
});

describe('a submission’s status', () => {
  it('says why it went upstream, and whether it joined', async () => {
    upstream.onGenerate = taken;
    const services = start();
    const status = async (noCache: boolean) => {
      const directives = { ...asTask('cat').directives, noCache };
      return (await services.tasks.submit(asTask('cat', { directives }), 'choices')).status;
    };
    expect(await status(true)).toMatchObject({ fwd: 'bypass', collapsed: false });
    expect(await status(false)).toMatchObject({ fwd: 'miss', collapsed: true });
    services.stopFollowing();
  });
});
