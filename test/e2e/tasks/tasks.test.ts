import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  API_KEY,
  body,
  bytesAt,
  imageUrls,
  MULTIMODAL,
  Stack,
} from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

const TEXT2IMAGE = '/api/v1/services/aigc/text2image/image-synthesis';
const IMAGE_GENERATION = '/api/v1/services/aigc/image-generation/generation';
const ASYNC = { 'x-dashscope-async': 'enable' };

let stack: Stack;

beforeEach(async () => {
  stack = await Stack.start({ env: { DASHCACHE_DRAIN_TIMEOUT: '500ms' } });
});

afterEach(async () => {
  await stack.close();
});

const promptBody = (
  prompt: string,
  model = 'wan2.5-t2i-preview',
  parameters: object = { n: 1, size: '1280*1280' },
) => ({
  model,
  parameters,
  input: { prompt },
});

const wanBody = (prompt: string) => body(prompt, { n: 1, size: '1280*1280' }, 'wan2.6-t2i');

async function submit(path: string, request: object, key = API_KEY): Promise<Answer> {
  return await stack.request('POST', path, {
    body: JSON.stringify(request),
    headers: { ...ASYNC, 'content-type': 'application/json', authorization: `Bearer ${key}` },
  });
}

const poll = (id: string, slash = '') => stack.request('GET', `/api/v1/tasks/${id}${slash}`);

/** Polls until the task has ended, as the SDKs do. */
const ended = (id: string): Promise<Answer> =>
  until(
    () => poll(id),
    ({ json }) => !['PENDING', 'RUNNING'].includes(json.output.task_status),
  );

/** Polls until the task is in a state. */
async function pollsOf(id: string, state: string): Promise<void> {
  await until(
    () => poll(id),
    ({ json }) => json.output.task_status === state,
  );
}

const counters = () => stack.simulator.control.counters();

describe('an asynchronous submission', () => {
  it('gets a task, the picture when it is drawn, and the same picture at once the second time', async () => {
    const submitted = await submit(IMAGE_GENERATION, wanBody('a market stall'));
    expect(submitted.status).toBe(200);
    expect(submitted.headers.get('content-type')).toContain('application/json');
    expect(submitted.json.output.task_status).toBe('PENDING');
    expect(submitted.json.request_id).toBe(submitted.headers.get('x-request-id'));
    const id = submitted.json.output.task_id;
    const done = await ended(id);
    expect(done.json.output).toMatchObject({ task_id: id, task_status: 'SUCCEEDED', finished: true });
    expect(done.json.output.submit_time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
    const [url = ''] = imageUrls(done);
    expect((await bytesAt(url)).length).toBeGreaterThan(1000);

    const again = await submit(IMAGE_GENERATION, wanBody('a market stall'));
    expect(again.headers.get('x-cache')).toBe('HIT');
    expect(again.json.output.task_id).not.toBe(id);
    const first = await poll(again.json.output.task_id, '/');
    expect(first.json.output.task_status).toBe('SUCCEEDED');
    expect(imageUrls(first)).toEqual([url]);
    expect(counters().tasksSubmitted).toBe(1);
  });

  it('answers prompt-shaped models in their own family', async () => {
    const { json } = await submit(TEXT2IMAGE, promptBody('a paper boat'));
    const done = await ended(json.output.task_id);
    expect(done.json.output.results[0].url).toMatch(/\/blobs\/[0-9a-f]{64}\.png$/);
    expect(done.json.output.results[0].orig_prompt).toBe('a paper boat');
    expect(done.json.usage).toEqual({ image_count: 1 });
  });

  it('that is refused gets the vendor’s refusal, and no task', async () => {
    const refused = await submit(TEXT2IMAGE, promptBody('nothing', 'wan2.5-t2i-preview', { n: 99 }));
    expect(refused.status).toBe(400);
    expect(refused.json.code).toBe('InvalidParameter');
    expect(await submit(TEXT2IMAGE, promptBody('x'), 'sk-invalid-key')).toMatchObject({ status: 401 });
  });

  it('is kept whether or not anybody asks again', async () => {
    const { json } = await submit(IMAGE_GENERATION, wanBody('forgotten'));
    expect(json.output.task_id).toBeDefined();
    await stack.server.services.registry.settled();
    await stack.stopServer();
    await stack.startServer();
    const hit = await stack.generate(wanBody('forgotten'));
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(counters().tasksSubmitted).toBe(1);
  });
});

describe('identical submissions', () => {
  it('share one job under ids of their own, within the poll quota', async () => {
    stack.simulator.control.holdTasks();
    const submissions = await Promise.all(
      Array.from({ length: 200 }, () => submit(TEXT2IMAGE, promptBody('a crowd'))),
    );
    expect(new Set(submissions.map(({ json }) => json.output.task_id)).size).toBe(200);
    expect(counters().tasksSubmitted).toBe(1);
    stack.simulator.control.resumeTasks();
    const results = [];
    for (const { json } of submissions) results.push(await ended(json.output.task_id));
    expect(new Set(results.map(({ json }) => json.output.task_status))).toEqual(new Set(['SUCCEEDED']));
    expect(new Set(results.map(({ json }) => json.output.results[0].url)).size).toBe(1);
    expect(counters().maxPollsPerSecond).toBeLessThanOrEqual(20);
  });

  it('canceled one by one leave the others; the last one takes the job along', async () => {
    stack.simulator.control.holdTasks();
    const first = (await submit(TEXT2IMAGE, promptBody('two of us'))).json.output.task_id;
    const second = (await submit(TEXT2IMAGE, promptBody('two of us'))).json.output.task_id;
    const canceled = await stack.request('POST', `/api/v1/tasks/${first}/cancel/`, {
      body: JSON.stringify({ model: '', parameters: {}, input: '' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(canceled.status).toBe(200);
    expect(canceled.json).toEqual({ request_id: expect.any(String) });
    expect((await poll(first)).json.output.task_status).toBe('CANCELED');
    expect((await poll(second)).json.output.task_status).toBe('PENDING');
    expect(counters().cancels).toBe(0);
    expect((await stack.request('POST', `/api/v1/tasks/${second}/cancel`)).status).toBe(200);
    expect(counters().cancels).toBe(1);
    const again = await stack.request('POST', `/api/v1/tasks/${second}/cancel`);
    expect(again.status).toBe(400);
    expect(again.json.code).toBe('UnsupportedOperation');
  });
});

describe('any style for any model', () => {
  it('a synchronous model serves an asynchronous client', async () => {
    const { json } = await submit(IMAGE_GENERATION, body('sync only', { seed: 5 }));
    const done = await ended(json.output.task_id);
    expect(imageUrls(done)).toHaveLength(1);
    expect((await stack.generate(body('sync only', { seed: 5 }))).headers.get('x-cache')).toBe('HIT');
  });

  it('an asynchronous model serves a synchronous client, and every door hits the one entry', async () => {
    const asked = body('async only', { n: 1, size: '1280*1280' }, 'wan2.5-t2i-preview');
    const drawn = await stack.generate(asked);
    expect(drawn.status).toBe(200);
    expect(drawn.headers.get('x-cache')).toBe('MISS');
    expect(drawn.json.output.choices[0].message.role).toBe('assistant');
    const task = await submit(TEXT2IMAGE, promptBody('async only'));
    expect(task.headers.get('x-cache')).toBe('HIT');
    const done = await poll(task.json.output.task_id);
    expect([done.json.output.results[0].url]).toEqual(imageUrls(drawn));
    expect(counters().tasksSubmitted).toBe(1);
  });
});

describe('a submission that wants a fresh picture', () => {
  it('is followed once, however often it is polled, and adds one take', async () => {
    stack.simulator.control.holdTasks();
    const fresh = async () =>
      await stack.request('POST', TEXT2IMAGE, {
        body: JSON.stringify(promptBody('again, please')),
        headers: { ...ASYNC, 'content-type': 'application/json', 'cache-control': 'no-cache' },
      });
    const ids = [];
    for (let turn = 0; turn < 2; turn += 1) ids.push((await fresh()).json.output.task_id);
    for (const id of ids) expect((await poll(id)).json.output.task_status).toBe('PENDING');
    stack.simulator.control.resumeTasks();
    for (const id of ids) expect((await ended(id)).json.output.task_status).toBe('SUCCEEDED');
    expect(counters().tasksSubmitted).toBe(2);
    const { entries } = await stack.server.services.entries.totals();
    expect(entries).toBe(2);
  });
});

describe('a task that fails', () => {
  it('in whole is shown as the vendor shows it, and is never a hit', async () => {
    stack.simulator.control.fault({ on: 'submit', effect: { kind: 'fail', code: 'DataInspectionFailed' } });
    const { json } = await submit(TEXT2IMAGE, promptBody('unlucky'));
    const done = await ended(json.output.task_id);
    expect(done.json.output).toMatchObject({ task_status: 'FAILED', code: 'DataInspectionFailed' });
    const again = await submit(TEXT2IMAGE, promptBody('unlucky'));
    expect(again.headers.get('x-cache')).toBe('MISS');
    expect((await ended(again.json.output.task_id)).json.output.task_status).toBe('SUCCEEDED');
  });

  it('in part is shown with upstream’s own URLs, and not stored', async () => {
    stack.simulator.control.fault({ on: 'submit', effect: { kind: 'fail', images: 1 } });
    const { json } = await submit(
      TEXT2IMAGE,
      promptBody('half', 'wan2.5-t2i-preview', { n: 2, size: '1280*1280' }),
    );
    const done = await ended(json.output.task_id);
    expect(done.json.output.task_status).toBe('SUCCEEDED');
    expect(done.json.output.results).toHaveLength(2);
    expect(done.text).not.toContain('/blobs/');
  });
});

describe('ids', () => {
  it('of nobody and of others are UNKNOWN', async () => {
    const { json } = await submit(TEXT2IMAGE, promptBody('mine'));
    const id = json.output.task_id;
    await ended(id);
    const foreign = await stack.request('GET', `/api/v1/tasks/${id}`, {
      headers: { authorization: 'Bearer sk-somebody-else' },
    });
    expect(foreign.json.output).toEqual({ task_id: id, task_status: 'UNKNOWN' });
    const nobody = '9f8e7d6c-5b4a-4392-8190-a1b2c3d4e510';
    expect((await poll(nobody)).json.output).toEqual({ task_id: nobody, task_status: 'UNKNOWN' });
  });

  it('are listed beside the vendor’s, once each', async () => {
    const ours = (await submit(TEXT2IMAGE, promptBody('listed'))).json.output.task_id;
    await ended(ours);
    const theirs = await fetch(`${stack.simulator.origin}${TEXT2IMAGE}`, {
      method: 'POST',
      headers: { ...ASYNC, 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify(promptBody('elsewhere')),
    });
    const { output } = JSON.parse(await theirs.text());
    const list = await stack.request('GET', '/api/v1/tasks?page_no=1&page_size=10');
    expect(list.json.data.map(({ task_id }: { task_id: string }) => task_id).sort()).toEqual(
      [ours, output.task_id].sort(),
    );
    expect(list.json.total).toBe(2);
  });

  const list = (query: string, at = stack.origin) =>
    fetch(`${at}/api/v1/tasks${query}`, { headers: { authorization: `Bearer ${API_KEY}` } });
  const listed = async (query: string) => {
    const { data, total } = await (await list(query)).json();
    expect(total).toBe(data.length);
    return data.map(({ task_id }: { task_id: string }) => task_id);
  };

  it('are listed as the job at the vendor stands, by each of its filters', async () => {
    stack.simulator.control.holdTasks();
    const id = (await submit(TEXT2IMAGE, promptBody('running'))).json.output.task_id;
    expect(await listed('?status=PENDING')).toEqual([id]);
    expect(await listed('?status=&model_name=&start_time=')).toEqual([id]);
    const [job] = stack.simulator.control.tasks();
    stack.simulator.control.advanceTask(job?.id ?? '');
    await pollsOf(id, 'RUNNING');
    expect(await listed('?status=RUNNING')).toEqual([id]);
    expect(await listed('?status=PENDING')).toEqual([]);
    expect(await listed('?model_name=wanx-v1')).toEqual([]);
    expect(await listed('?region=us-east-1')).toEqual([]);
    expect(await listed('?api_key_id=77')).toEqual([]);
    // By what only the vendor knows, its own list is the answer.
    const { data } = await (await list('?region=cn-beijing', stack.simulator.origin)).json();
    expect(await listed('?region=cn-beijing')).toEqual(
      data.map(({ task_id }: { task_id: string }) => task_id),
    );
    expect((await list('?start_time=20261301000000')).status).toBe(400);
    stack.simulator.control.resumeTasks();
    await ended(id);
  });

  it('of jobs under way live through a restart, and the job is paid for once', async () => {
    stack.simulator.control.holdTasks();
    const { json } = await submit(TEXT2IMAGE, promptBody('restart'));
    const id = json.output.task_id;
    await stack.stopServer();
    await stack.startServer();
    expect((await poll(id)).json.output.task_status).toBe('PENDING');
    stack.simulator.control.resumeTasks();
    const done = await ended(id);
    expect(done.json.output.results[0].url).toContain('/blobs/');
    expect(counters().tasksSubmitted).toBe(1);
  });
});

it('the async header where the vendor has no tasks gets a task all the same', async () => {
  const answer = await submit(MULTIMODAL, body('no tasks there'));
  expect(answer.status).toBe(200);
  const done = await ended(answer.json.output.task_id);
  expect(done.json.output.choices[0].message.content[0].image).toContain('/blobs/');
  expect(stack.asked).toBe(1);
});
