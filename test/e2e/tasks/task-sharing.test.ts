import { expect, it } from 'vitest';
import { type Answer, API_KEY, body, type Stack } from '../../support/servers/stack.ts';
import { startStack } from '../../support/servers/start-stack.ts';
import { until } from '../../support/until.ts';

const TEXT2IMAGE = '/api/v1/services/aigc/text2image/image-synthesis';
const IMAGE_GENERATION = '/api/v1/services/aigc/image-generation/generation';
const MODEL = 'wan2.5-t2i-preview';
const DRAIN = { DASHCACHE_DRAIN_TIMEOUT: '200ms' };

async function submit(
  stack: Stack,
  request: object,
  { path = TEXT2IMAGE, headers = {} }: { readonly path?: string; readonly headers?: object } = {},
): Promise<string> {
  const { status, json } = await stack.request('POST', path, {
    body: JSON.stringify(request),
    headers: {
      'x-dashscope-async': 'enable',
      'content-type': 'application/json',
      authorization: `Bearer ${API_KEY}`,
      ...headers,
    },
  });
  expect(status).toBe(200);
  return json.output.task_id;
}

const draw = (prompt: string) => ({
  model: MODEL,
  parameters: { n: 1, size: '1280*1280' },
  input: { prompt },
});

const poll = (stack: Stack, id: string) => stack.request('GET', `/api/v1/tasks/${id}`);

const cancel = (stack: Stack, id: string) => stack.request('POST', `/api/v1/tasks/${id}/cancel`);

/** Polls until the task has ended, as the SDKs do. */
const ended = (stack: Stack, id: string): Promise<Answer> =>
  until(
    () => poll(stack, id),
    ({ json }) => !['PENDING', 'RUNNING'].includes(json.output.task_status),
  );

it('a task whose flight nobody may join is followed once, however often it is polled', async () => {
  const stack = await startStack({ DASHCACHE_SEEDLESS: 'fresh' });
  const { control } = stack.simulator;
  control.holdTasks();
  const ids = [await submit(stack, draw('fresh')), await submit(stack, draw('fresh'))];
  for (const id of ids) expect((await poll(stack, id)).json.output.task_status).toBe('PENDING');
  control.resumeTasks();
  for (const id of ids) expect((await ended(stack, id)).json.output.task_status).toBe('SUCCEEDED');
  await stack.server.services.images.close();
  expect(control.recent('image')).toHaveLength(2);
});

it('one task canceled twice at once leaves the other its job', async () => {
  const stack = await startStack(DRAIN);
  const { control } = stack.simulator;
  control.holdTasks();
  const [first, second] = [await submit(stack, draw('pair')), await submit(stack, draw('pair'))];
  const answers = await Promise.all([1, 2, 3].map(async () => await cancel(stack, first)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  control.resumeTasks();
  expect((await ended(stack, second)).json.output.task_status).toBe('SUCCEEDED');
  expect(control.counters().cancels).toBe(0);
});

it('who asks again after the last one canceled gets a job of his own', async () => {
  const stack = await startStack(DRAIN);
  const { control } = stack.simulator;
  control.holdTasks();
  const first = await submit(stack, draw('second thoughts'));
  expect((await cancel(stack, first)).status).toBe(200);
  const second = await submit(stack, draw('second thoughts'));
  control.resumeTasks();
  expect((await ended(stack, second)).json.output.task_status).toBe('SUCCEEDED');
  expect((await poll(stack, first)).json.output.task_status).toBe('CANCELED');
  expect(control.counters()).toMatchObject({ tasksSubmitted: 2, cancels: 1 });
});

it('those who ask again after the last one canceled share one job', async () => {
  const stack = await startStack(DRAIN);
  const { control } = stack.simulator;
  control.holdTasks();
  const first = await submit(stack, draw('third thoughts'));
  expect((await cancel(stack, first)).status).toBe(200);
  const again = [];
  for (let turn = 0; turn < 3; turn += 1) again.push(await submit(stack, draw('third thoughts')));
  control.resumeTasks();
  for (const id of again) expect((await ended(stack, id)).json.output.task_status).toBe('SUCCEEDED');
  expect(control.counters()).toMatchObject({ tasksSubmitted: 2, cancels: 1 });
});

it('after a restart, too, one canceled of two leaves the other its job', async () => {
  const stack = await startStack(DRAIN);
  const { control } = stack.simulator;
  control.holdTasks();
  const [first, second] = [await submit(stack, draw('pair')), await submit(stack, draw('pair'))];
  await stack.stopServer();
  await stack.startServer();
  expect((await cancel(stack, first)).status).toBe(200);
  expect(control.counters().cancels).toBe(0);
  control.resumeTasks();
  expect((await ended(stack, second)).json.output.task_status).toBe('SUCCEEDED');
  expect(control.counters().tasksSubmitted).toBe(1);
});

it('after a restart, a client that asks again instead of polling gets the job that its key has paid for', async () => {
  const stack = await startStack({ ...DRAIN, DASHCACHE_AUTH: 'passthrough', DASHCACHE_SCOPE: 'shared' });
  const { control } = stack.simulator;
  control.holdTasks();
  const lost = await submit(stack, draw('lost'));
  await stack.stopServer();
  await stack.startServer();
  const again = [await submit(stack, draw('lost')), await submit(stack, draw('lost'))];
  control.resumeTasks();
  const results = [];
  for (const id of [lost, ...again]) {
    const { output } = (await ended(stack, id)).json;
    expect(output.task_status).toBe('SUCCEEDED');
    results.push(JSON.stringify(output.results));
  }
  expect(new Set(results).size).toBe(1);
  expect(control.counters().tasksSubmitted).toBe(1);
});

it('after a restart, a job is its account’s, and not for who wants it drawn anew', async () => {
  const stack = await startStack({ ...DRAIN, DASHCACHE_AUTH: 'passthrough', DASHCACHE_SCOPE: 'shared' });
  const { control } = stack.simulator;
  control.holdTasks();
  await submit(stack, draw('lost'));
  await stack.stopServer();
  await stack.startServer();
  const other = await submit(stack, draw('lost'), { headers: { authorization: 'Bearer sk-somebody-else' } });
  const anew = await submit(stack, draw('lost'), { headers: { 'cache-control': 'no-cache' } });
  control.resumeTasks();
  for (const id of [other, anew]) expect((await ended(stack, id)).json.output.task_status).toBe('SUCCEEDED');
  expect(control.counters().tasksSubmitted).toBe(3);
});

it('what failed at the vendor across a restart is shown with the vendor’s own reason', async () => {
  const stack = await startStack(DRAIN);
  const { control } = stack.simulator;
  control.holdTasks();
  control.fault({ on: 'submit', effect: { kind: 'fail', code: 'DataInspectionFailed' } });
  const id = await submit(stack, draw('unlucky'));
  await stack.stopServer();
  await stack.startServer();
  await poll(stack, id);
  control.resumeTasks();
  expect((await ended(stack, id)).json.output).toMatchObject({
    task_status: 'FAILED',
    code: 'DataInspectionFailed',
  });
});

it('a task that must not be stored lives through a restart, and is shown with upstream’s own URL', async () => {
  const stack = await startStack(DRAIN);
  const { control } = stack.simulator;
  control.holdTasks();
  const id = await submit(stack, draw('secret'), { headers: { 'cache-control': 'no-store' } });
  await stack.stopServer();
  await stack.startServer();
  expect((await poll(stack, id)).json.output.task_status).toBe('PENDING');
  control.resumeTasks();
  const { json } = await ended(stack, id);
  expect(json.output.task_status).toBe('SUCCEEDED');
  expect(json.output.results[0].url).toContain(stack.simulator.origin);
  expect(control.counters().tasksSubmitted).toBe(1);
});

it('a task that waits for its turn is not given up when another’s fate is looked up', async () => {
  const stack = await startStack({ ...DRAIN, DASHCACHE_CONCURRENCY: '1' });
  const { control } = stack.simulator;
  control.holdTasks();
  const old = await submit(stack, draw('of the process before'));
  await stack.stopServer();
  await stack.startServer();
  const hold = control.fault({ on: 'generation', effect: { kind: 'hold' } });
  const sync = (seed: number) => body('in a queue', { seed }, 'qwen-image-max');
  const ids = [];
  for (const seed of [1, 2]) ids.push(await submit(stack, sync(seed), { path: IMAGE_GENERATION }));
  await hold.waitForHit(1);
  expect((await poll(stack, old)).json.output.task_status).toBe('PENDING');
  // The first is sent: nobody can take it back.
  const states = [];
  for (const id of ids) states.push((await poll(stack, id)).json.output.task_status);
  expect(states).toEqual(['RUNNING', 'PENDING']);
  control.clearFaults();
  control.resumeTasks();
  for (const id of [...ids, old]) expect((await ended(stack, id)).json.output.task_status).toBe('SUCCEEDED');
});

it('a task that everybody shares is shown only to keys that the vendor has accepted', async () => {
  const stack = await startStack({ DASHCACHE_AUTH: 'passthrough', DASHCACHE_SCOPE: 'shared' });
  const id = await submit(stack, draw('shared'));
  expect((await ended(stack, id)).json.output.task_status).toBe('SUCCEEDED');
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
  const other = await stack.request('GET', `/api/v1/tasks/${id}`, as('sk-somebody-else'));
  expect(other.json.output.task_status).toBe('SUCCEEDED');
  const asked = [
    await stack.request('GET', `/api/v1/tasks/${id}`, as('sk-invalid')),
    await stack.request('POST', `/api/v1/tasks/${id}/cancel`, as('sk-invalid')),
  ];
  for (const { status, json } of asked) expect([status, json.code]).toEqual([401, 'InvalidApiKey']);
});

it('a list that upstream answers with a portal’s page is upstream’s fault, not ours', async () => {
  const stack = await startStack();
  stack.simulator.control.fault({ on: 'tasks', effect: { kind: 'html' } });
  const { status, json } = await stack.request('GET', '/api/v1/tasks');
  expect([status, json.code]).toEqual([502, 'UpstreamInvalid']);
});
