import { describe, expect, test } from 'vitest';
import {
  createManualClock,
  field,
  imageUrls,
  post,
  recipe,
  refusalOf,
  startTestSimulator,
} from './support.ts';
import {
  cancelTask,
  EDIT_TASKS,
  MESSAGE_TASKS,
  pollTask,
  promptRecipe,
  statusOf,
  submitTask,
  submitTo,
  TEXT_TASKS,
} from './task-support.ts';

const HOUR_MS = 60 * 60 * 1000;
const pixel = 'data:image/png;base64,iVBORw0KGgo=';

async function start(options: Parameters<typeof startTestSimulator>[0] = {}) {
  const clock = createManualClock();
  const simulator = await startTestSimulator({ clock, pendingMs: 1000, latencyMs: 10_000, ...options });
  return { ...simulator, clock };
}

describe('a task', () => {
  test('waits, runs and ends as time passes, whether anybody asks or not', async () => {
    const { origin, control, clock } = await start();
    const id = await submitTask(origin);
    expect(await statusOf(origin, id)).toBe('PENDING');
    clock.advance(1000);
    expect(await statusOf(origin, id)).toBe('RUNNING');
    clock.advance(9999);
    expect(await statusOf(origin, id)).toBe('RUNNING');
    expect(control.counters().billedImages).toBe(0);
    clock.advance(1);
    expect(control.counters()).toMatchObject({ accepted: 1, billedImages: 1, polls: 3 });
    expect(await statusOf(origin, id)).toBe('SUCCEEDED');
  });

  test('yields a picture that lives for a day from its end', async () => {
    const { origin, clock } = await start();
    const id = await submitTask(origin);
    clock.advance(11_000);
    const url = String(field(await pollTask(origin, id), 'output.choices.0.message.content.0.image'));
    clock.advance(24 * HOUR_MS - 1000);
    expect((await fetch(url)).status).toBe(200);
    clock.advance(1000);
    expect((await fetch(url)).status).toBe(403);
  });

  test('is forgotten after a day', async () => {
    const { origin, control, clock } = await start();
    const id = await submitTask(origin);
    clock.advance(24 * HOUR_MS - 1);
    expect(await statusOf(origin, id)).toBe('SUCCEEDED');
    clock.advance(1);
    expect(await statusOf(origin, id)).toBe('UNKNOWN');
    expect(control.tasks()).toEqual([]);
  });

  test('is seen by every key of its account and by no other', async () => {
    const accounts = { 'sk-one': 'main', 'sk-two': 'main' };
    const { origin } = await start({ accounts });
    const id = await submitTask(origin, undefined, { key: 'sk-one' });
    expect(await statusOf(origin, id, 'sk-two')).toBe('PENDING');
    expect(await statusOf(origin, id, 'sk-three')).toBe('UNKNOWN');
    expect((await cancelTask(origin, id, 'sk-three')).status).toBe(400);
    expect((await cancelTask(origin, id, 'sk-two')).status).toBe(200);
    expect(await statusOf(origin, id, 'sk-one')).toBe('CANCELED');
  });

  test('that was cancelled neither runs nor costs', async () => {
    const { origin, control, clock } = await start();
    const id = await submitTask(origin);
    await cancelTask(origin, id);
    clock.advance(HOUR_MS);
    expect(await statusOf(origin, id)).toBe('CANCELED');
    expect(control.counters().billedImages).toBe(0);
    expect((await cancelTask(origin, id)).status).toBe(400);
  });

  test('draws what the synchronous call draws', async () => {
    const { origin, clock } = await start();
    const content = [{ text: 'A red kite over a salt flat' }];
    const pixels = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());
    const [sync = ''] = await imageUrls(await post(origin, recipe({ seed: 5 }, 'qwen-image-plus', content)));
    const id = await submitTask(origin, promptRecipe({ seed: 5 }), { path: TEXT_TASKS });
    clock.advance(11_000);
    const async = String(field(await pollTask(origin, id), 'output.results.0.url'));
    expect((await pixels(async)).equals(await pixels(sync))).toBe(true);
  });

  test('whose reference cannot be fetched fails', async () => {
    const { origin, clock } = await start();
    const body = promptRecipe({}, 'wan2.5-i2i-preview', { images: ['http://127.0.0.1:1/none.png'] });
    const id = await submitTask(origin, body, { path: EDIT_TASKS });
    clock.advance(11_000);
    expect(field(await pollTask(origin, id), 'output')).toMatchObject({
      task_status: 'FAILED',
      code: 'BadRequest.InputDownloadFailed',
    });
  });

  test.each([
    ['no_image', []],
    ['text_only', [expect.objectContaining({ finish_reason: 'stop' })]],
  ] as const)('may succeed without a picture: %s', async (answer, choices) => {
    const { origin, control, clock } = await start();
    control.fault({ on: 'submit', effect: { kind: 'answer', answer } });
    const id = await submitTask(origin, recipe({ n: 1 }, 'wan2.6-t2i'));
    clock.advance(11_000);
    const body = await pollTask(origin, id);
    expect(field(body, 'output.task_status')).toBe('SUCCEEDED');
    if (answer === 'text_only') expect(field(body, 'output.choices')).toEqual(choices);
    expect(field(body, 'usage.image_count')).toBe(0);
  });

  test('of the third generation tells usage as that family does', async () => {
    const { origin, clock } = await start();
    const content = [{ image: pixel }, { text: 'Paint it blue' }];
    const id = await submitTask(origin, recipe({ size: '1024*1024' }, 'qwen-image-3.0-pro', content));
    clock.advance(11_000);
    expect(field(await pollTask(origin, id), 'usage')).toMatchObject({
      input_image_count: 1,
      output_width: 1024,
      output_image_type: 'qima_output_1k',
    });
  });

  test('of texts and pictures in turn needs no stream', async () => {
    const { origin, clock } = await start();
    const id = await submitTask(origin, recipe({ enable_interleave: true, max_images: 2 }, 'wan2.6-image'));
    clock.advance(11_000);
    const body = await pollTask(origin, id);
    const content = field(body, 'output.choices.0.message.content');
    expect(Array.isArray(content) && content.map((item) => field(item, 'type'))).toEqual([
      'text',
      'text',
      'image',
      'text',
      'text',
      'image',
    ]);
    expect(field(body, 'usage.image_count')).toBe(2);
  });

  test('of wan2.5 edits gives each picture a seed of its own', async () => {
    const { origin, clock } = await start();
    const urls = async (parameters: Readonly<Record<string, unknown>>) => {
      const body = promptRecipe({ size: '768*768', ...parameters }, 'wan2.5-i2i-preview', {
        images: [pixel],
      });
      const id = await submitTask(origin, body, { path: EDIT_TASKS });
      clock.advance(11_000);
      const results = field(await pollTask(origin, id), 'output.results');
      return Array.isArray(results) ? results.map((result) => String(field(result, 'url'))) : [];
    };
    const bytes = async (url = '') => Buffer.from(await (await fetch(url)).arrayBuffer());
    const [, second] = await urls({ n: 2, seed: 7 });
    const [next] = await urls({ n: 1, seed: 8 });
    expect((await bytes(second)).equals(await bytes(next))).toBe(true);
  });
});

describe('the task limits', () => {
  test('beyond the running ones, tasks wait in line', async () => {
    const { origin, clock } = await start({ taskLimit: true, pendingMs: 0 });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push(await submitTask(origin, promptRecipe(), { path: TEXT_TASKS }));
    const other = await submitTask(origin, promptRecipe(), { path: TEXT_TASKS, key: 'sk-other' });
    const statuses = async () => {
      const found: unknown[] = [];
      for (const id of ids) found.push(await statusOf(origin, id));
      return found;
    };
    expect(await statuses()).toEqual(['RUNNING', 'RUNNING', 'PENDING']);
    expect(await statusOf(origin, other, 'sk-other')).toBe('RUNNING');
    clock.advance(10_000);
    expect(await statuses()).toEqual(['SUCCEEDED', 'SUCCEEDED', 'RUNNING']);
    clock.advance(60_000);
    expect(field(await pollTask(origin, ids[2] ?? ''), 'output.end_time')).toBe('2026-09-21 10:00:36.000');
  });

  test('submissions have a rate, tasks or not', async () => {
    const { origin } = await start({ rateLimit: true });
    const status = async () =>
      (await submitTo(TEXT_TASKS, origin, promptRecipe({}, 'wan2.2-t2i-flash'))).status;
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
  });

  test('twenty polls a second, and the busiest second is counted', async () => {
    const { origin, control, clock } = await start({ pollLimit: true });
    const poll = async () =>
      (await fetch(`${origin}/api/v1/tasks/x`, { headers: { authorization: 'Bearer sk-a' } })).status;
    for (let n = 0; n < 20; n++) expect(await poll()).toBe(200);
    expect(await poll()).toBe(429);
    clock.advance(1000);
    expect(await poll()).toBe(200);
    expect(control.counters()).toMatchObject({ polls: 22, maxPollsPerSecond: 21 });
  });
});

describe('the task list', () => {
  test('pages, newest first, and filters', async () => {
    const { origin, clock } = await start();
    const list = async (query: string, key = 'sk-test'): Promise<unknown> => {
      const headers = { authorization: `Bearer ${key}` };
      return (await fetch(`${origin}/api/v1/tasks?${query}`, { headers })).json();
    };
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      ids.push(await submitTask(origin));
      clock.advance(2000);
    }
    await cancelTask(origin, await submitTask(origin, promptRecipe(), { path: TEXT_TASKS }));
    const idsOf = (body: unknown) => {
      const data = field(body, 'data');
      return Array.isArray(data) ? data.map((entry) => field(entry, 'task_id')) : [];
    };
    expect(idsOf(await list('model_name=wan2.6-t2i'))).toEqual([...ids].reverse());
    const page = await list('model_name=wan2.6-t2i&page_no=2&page_size=2');
    expect(idsOf(page)).toEqual([ids[0]]);
    expect(page).toMatchObject({ total: 3, total_page: 2, page_no: 2, page_size: 2 });
    expect(idsOf(await list('start_time=20260921100018&end_time=20260921100019'))).toEqual([ids[1]]);
    expect(field(await list('status=CANCELED'), 'total')).toBe(1);
    expect(field(await list('status=RUNNING'), 'total')).toBe(3);
    expect(field(await list('page_no=1&page_size=1', 'sk-other'), 'total')).toBe(0);
    expect(field(await list('start_time=yesterday'), 'code')).toBe('InvalidParameter');
  });
});

describe('tests and demos', () => {
  test('can hold tasks and move them by hand', async () => {
    const { origin, control, clock } = await start();
    control.holdTasks();
    const [first, second] = [await submitTask(origin), await submitTask(origin)];
    clock.advance(HOUR_MS);
    expect(await statusOf(origin, first)).toBe('PENDING');
    expect(control.advanceTask(first)).toBe(true);
    expect(await statusOf(origin, first)).toBe('RUNNING');
    expect(control.releaseTask(first)).toBe(true);
    expect(await statusOf(origin, first)).toBe('SUCCEEDED');
    expect(control.releaseTask(first)).toBe(false);
    expect(await statusOf(origin, second)).toBe('PENDING');
    control.resumeTasks();
    expect(await statusOf(origin, second)).toBe('RUNNING');
    clock.advance(10_000);
    expect(await statusOf(origin, second)).toBe('SUCCEEDED');
  });

  test('can do so from another process', async () => {
    const { origin } = await start();
    const call = (path: string, method = 'POST') => fetch(`${origin}/simulator/tasks${path}`, { method });
    await call('/hold');
    const id = await submitTask(origin);
    expect(field(await (await call('', 'GET')).json(), 'tasks.0')).toMatchObject({ id, status: 'PENDING' });
    expect((await call(`/${id}/advance`)).status).toBe(200);
    expect(await statusOf(origin, id)).toBe('RUNNING');
    expect((await call(`/${id}/release`)).status).toBe(200);
    expect(await statusOf(origin, id)).toBe('SUCCEEDED');
    expect((await call(`/${id}/release`)).status).toBe(404);
    await call('/resume');
  });

  test('can wait for what arrives, by its own name or a broader one', async () => {
    const { origin, control } = await start();
    const arrived = [control.waitFor('submit', 1), control.waitFor('poll', 1), control.waitFor('cancel', 1)];
    const id = await submitTask(origin);
    await pollTask(origin, id);
    await cancelTask(origin, id);
    await Promise.all(arrived);
    await control.waitFor('generation', 1);
    await control.waitFor('tasks', 2);
    expect(control.recent('tasks').map(({ target }) => target)).toEqual(['poll', 'cancel']);
    expect(control.recent('generation')).toHaveLength(1);
  });

  test('can lose a receipt, though the task was made', async () => {
    const { origin, control } = await start();
    control.fault({ on: 'generation', effect: { kind: 'refuse', status: 504, billed: true } });
    expect((await submitTo(MESSAGE_TASKS, origin, recipe({}, 'wan2.6-t2i'))).status).toBe(504);
    expect(control.tasks()).toHaveLength(1);
  });
});

describe('submissions are refused as the vendor refuses them', () => {
  const asynchronous = 'current user api does not support asynchronous calls';
  const synchronous = 'current user api does not support synchronous calls';
  const url = 'url error, please check url!';
  const edit = (input: Readonly<Record<string, unknown>>) => promptRecipe({}, 'wanx2.1-imageedit', input);
  test.each<[string, string, unknown, number, string | RegExp]>([
    ['a synchronous model', MESSAGE_TASKS, recipe({}, 'qwen-image-2.0'), 403, asynchronous],
    ['a synchronous snapshot', TEXT_TASKS, promptRecipe({}, 'qwen-image-plus-2026-01-09'), 403, asynchronous],
    ['a prompt model among messages', MESSAGE_TASKS, recipe({}, 'wan2.2-t2i-plus'), 400, url],
    ['a message model among prompts', TEXT_TASKS, promptRecipe({}, 'wan2.6-t2i'), 400, url],
    ['an editor among text models', TEXT_TASKS, promptRecipe({}, 'wan2.5-i2i-preview'), 400, url],
    ['an unknown model', MESSAGE_TASKS, recipe({}, 'nothing'), 404, 'Model can not be found.'],
    ['no prompt', TEXT_TASKS, promptRecipe({}, undefined, { prompt: '' }), 400, /input\.prompt/],
    ['a size off the list', TEXT_TASKS, promptRecipe({ size: '1024*1024' }), 400, /1664\*928/],
    ['no function', EDIT_TASKS, edit({ base_image_url: pixel }), 400, /function/],
    ['no base', EDIT_TASKS, edit({ function: 'expand' }), 400, /base_image_url/],
    [
      'no mask',
      EDIT_TASKS,
      edit({ function: 'description_edit_with_mask', base_image_url: pixel }),
      400,
      /mask_image_url/,
    ],
    [
      'images that are none',
      EDIT_TASKS,
      promptRecipe({}, 'wan2.5-i2i-preview', { images: [1] }),
      400,
      /images/,
    ],
  ])('%s', async (_, path, body, status, message) => {
    const { origin, control } = await start();
    const refusal = await refusalOf(await submitTo(path, origin, body));
    expect(refusal.status).toBe(status);
    expect(refusal.message).toMatch(message);
    expect(control.counters().tasksSubmitted).toBe(0);
  });

  test.each([
    [MESSAGE_TASKS, recipe({}, 'wan2.7-image')],
    [TEXT_TASKS, promptRecipe()],
  ])('%s without the header', async (path, body) => {
    const { origin } = await start();
    expect(await refusalOf(await post(origin, body, { path }))).toMatchObject({
      status: 403,
      message: synchronous,
    });
  });
});
