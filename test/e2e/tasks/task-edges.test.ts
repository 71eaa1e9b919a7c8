import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { startTestSimulator } from '../../simulator/support.ts';
import { ASYNC, TEXT2IMAGE } from '../../support/clients/sdk.ts';
import { readRows } from '../../support/data/rows.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';
import { API_KEY, body, type Stack } from '../../support/servers/stack.ts';
import { startStack } from '../../support/servers/start-stack.ts';
import { until } from '../../support/until.ts';

const MODEL = 'wan2.5-t2i-preview';
const PARAMETERS = { n: 1, size: '1280*1280' };
const DRAIN = { DASHCACHE_DRAIN_TIMEOUT: '200ms' };

const submit = (stack: Stack, prompt: string, headers: Readonly<Record<string, string>> = {}) =>
  stack.request('POST', TEXT2IMAGE, {
    body: JSON.stringify({ model: MODEL, parameters: PARAMETERS, input: { prompt } }),
    headers: { ...ASYNC, 'content-type': 'application/json', ...headers },
  });

const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

it('a shared task canceled by another key goes to the vendor with the key that submitted it', async () => {
  const stack = await startStack({
    ...DRAIN,
    DASHCACHE_AUTH: 'passthrough',
    DASHCACHE_SCOPE: 'shared',
  });
  const { control } = stack.simulator;
  control.holdTasks();
  const { json } = await submit(stack, 'shared');
  const path = `/api/v1/tasks/${json.output.task_id}`;
  expect((await stack.request('POST', `${path}/cancel`, as('sk-another'))).status).toBe(200);
  const [cancel] = control.recent('cancel');
  expect(cancel?.headers.authorization).toBe(`Bearer ${API_KEY}`);
  expect(control.tasks()[0]?.status).toBe('CANCELED');
});

it('a client that hangs up leaves the job to the tasks that wait for it, and to their cancel', async () => {
  const stack = await startStack(DRAIN);
  const { control } = stack.simulator;
  control.holdTasks();
  const { json } = await submit(stack, 'two ways');
  const line = new AbortController();
  const drawing = stack.generate(body('two ways', PARAMETERS, MODEL), {}, line.signal);
  drawing.catch(() => undefined);
  const [{ id } = {}] = readRows(stack, 'select id from purchases');
  const interested = () => stack.server.services.registry.find(String(id))?.interested;
  await until(
    async () => interested(),
    (count) => count === 2,
  );
  line.abort();
  await until(
    async () => interested(),
    (count) => count === 1,
  );
  expect((await stack.request('POST', `/api/v1/tasks/${json.output.task_id}/cancel`)).status).toBe(200);
  expect(control.counters().cancels).toBe(1);
});

it('a submission says in Cache-Status why it went upstream', async () => {
  const stack = await startStack(DRAIN);
  stack.simulator.control.holdTasks();
  const told = async (headers: Readonly<Record<string, string>>) => {
    const answer = await submit(stack, 'status', headers);
    return [answer.headers.get('cache-status')?.replace(/; key=.*/, ''), answer.headers.get('x-cache')];
  };
  expect(await told({ 'cache-control': 'no-cache' })).toEqual(['dashcache; fwd=bypass', 'BYPASS']);
  expect(await told({ 'cache-control': 'no-store' })).toEqual(['dashcache; fwd=bypass', 'BYPASS']);
  expect(await told({})).toEqual(['dashcache; fwd=miss; collapsed', 'COALESCED']);
});

it('polls for the vendor’s own tasks keep within its quota, and are all answered', async () => {
  const stack = await startStack({}, { pollLimit: true });
  const answers = await Promise.all(
    Array.from({ length: 45 }, (_, index) => stack.request('GET', `/api/v1/tasks/theirs-${index}`)),
  );
  expect(new Set(answers.map(({ json }) => json.output?.task_status))).toEqual(new Set(['UNKNOWN']));
  expect(stack.simulator.control.counters().maxPollsPerSecond).toBeLessThanOrEqual(20);
});

it('a server that cannot listen ends, though the vendor still draws for it', async () => {
  const simulator = await startTestSimulator();
  simulator.control.holdTasks();
  const settings = {
    DASHSCOPE_API_KEY: API_KEY,
    DASHCACHE_DATA: await createFolder(),
    DASHCACHE_UPSTREAM: simulator.origin,
    DASHCACHE_SITE: 'simulator',
    DASHCACHE_LOG_LEVEL: 'silent',
  };
  const first = await ChildServer.start(settings);
  const answer = await fetch(first.origin + TEXT2IMAGE, {
    method: 'POST',
    headers: { ...ASYNC, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, parameters: PARAMETERS, input: { prompt: 'port' } }),
  });
  expect(answer.status).toBe(200);
  first.kill('SIGKILL');
  await first.ended;
  const occupant = createServer();
  const port = await new Promise<string>((resolve) => {
    occupant.listen(0, '127.0.0.1', () => {
      const address = occupant.address();
      resolve(typeof address === 'object' ? String(address?.port) : '');
    });
  });
  try {
    expect(await new ChildServer({ ...settings, PORT: port }).ended).toBe(2);
  } finally {
    occupant.close();
  }
});
