import { describe, expect, test } from 'vitest';
import type { AnswerShape } from '../../src/simulator/vendor/answer-shapes.ts';
import { field, imageUrls, post, recipe, refusalOf, startTestSimulator } from './support.ts';
import { MESSAGE_TASKS, pollTask, promptRecipe, submitTask, submitTo, TEXT_TASKS } from './task-support.ts';

const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Where each shape has its first image. */
const places: Readonly<Record<AnswerShape, { readonly sync: string; readonly task: string }>> = {
  render_urls: { sync: 'output.render_urls.0', task: 'output.render_urls.0' },
  images: { sync: 'output.images.0.url', task: 'output.images.0.url' },
  image_url: {
    sync: 'output.choices.0.message.content.0.image_url.url',
    task: 'output.choices.0.message.content.0.image_url.url',
  },
  inline: { sync: 'output.choices.0.message.content.0.image', task: 'output.results.0.b64_image' },
  failed_count: { sync: 'output.choices.0.message.content.0.image', task: 'output.results.0.url' },
};
const shapes = ['render_urls', 'images', 'image_url', 'inline', 'failed_count'] as const;

async function isImage(place: unknown): Promise<boolean> {
  const bytes = String(place).startsWith('http')
    ? Buffer.from(await (await fetch(String(place))).arrayBuffer())
    : Buffer.from(String(place), 'base64');
  return bytes.subarray(1, 4).toString('latin1') === 'PNG';
}

describe.each(shapes)('the shape %s', (shape) => {
  const small = { size: '512*512', n: 1 };

  test('of a synchronous answer', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'reshape', shape } });
    const body: unknown = await (await post(origin, recipe(small))).json();
    expect(await isImage(field(body, places[shape].sync))).toBe(true);
    expect(field(body, 'output.task_metric.FAILED')).toBe(shape === 'failed_count' ? 1 : 0);
    expect(control.counters().billedImages).toBe(1);
  });

  test('of a finished task', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'submit', effect: { kind: 'reshape', shape } });
    const body = promptRecipe(small, 'wan2.2-t2i-flash');
    const task = await pollTask(origin, await submitTask(origin, body, { path: TEXT_TASKS }));
    expect(field(task, 'output.task_status')).toBe('SUCCEEDED');
    expect(await isImage(field(task, places[shape].task))).toBe(true);
    expect(control.counters().billedImages).toBe(1);
  });
});

describe('how an answer travels', () => {
  test('as 201', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'rewrap', status: 201 } });
    const response = await post(origin, recipe({ size: '512*512' }));
    expect(response.status).toBe(201);
    expect(field(await response.json(), 'usage.image_count')).toBe(1);
  });

  test('in gzip that nobody asked for', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'rewrap', encoding: 'gzip' } });
    const headers = { 'accept-encoding': 'identity' };
    const response = await post(origin, recipe({ size: '512*512' }), { headers });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    // fetch undoes the encoding, whoever asked for it.
    expect(field(await response.json(), 'usage.image_count')).toBe(1);
  });

  test.each([
    ['prematurely_closed', 502, /prematurely closed/],
    ['connection_termination', 503, /connection termination/],
  ] as const)('not at all: %s', async (reason, status, words) => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'gateway', reason, billed: true } });
    const response = await post(origin, recipe({ size: '512*512' }));
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(words);
    expect(control.counters().billedImages).toBe(1);
  });
});

describe('what comes of a call', () => {
  test('fewer images than were asked for', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'fail', images: 3 } });
    const answer = await post(origin, recipe({ n: 4, size: '512*512' }, 'qwen-image-2.0'));
    expect(await imageUrls(answer)).toHaveLength(1);
    expect(control.counters().billedImages).toBe(1);
  });

  test('a task where images were expected', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'answer', answer: 'task' } });
    const receipt: unknown = await (await post(origin, recipe({ size: '512*512' }))).json();
    const task = await pollTask(origin, String(field(receipt, 'output.task_id')));
    expect(await isImage(field(task, 'output.choices.0.message.content.0.image'))).toBe(true);
    expect(control.counters()).toMatchObject({ tasksSubmitted: 1, billedImages: 1 });
  });

  test('one UNKNOWN, and then the truth', async () => {
    const { origin, control } = await startTestSimulator();
    const id = await submitTask(origin);
    control.fault({ on: 'poll', effect: { kind: 'unknown_task' } });
    expect(field(await pollTask(origin, id), 'output.task_status')).toBe('UNKNOWN');
    expect(field(await pollTask(origin, id), 'output.task_status')).toBe('SUCCEEDED');
  });

  test('arrears of one key, as often as it asks', async () => {
    const { origin, control } = await startTestSimulator();
    const fault = control.fault({
      on: 'generation',
      effect: { kind: 'refuse', code: 'Arrearage' },
      times: 'always',
      key: 'sk-poor',
    });
    for (let call = 0; call < 3; call++) {
      const refusal = await refusalOf(await post(origin, recipe(), { key: 'sk-poor' }));
      expect(refusal).toMatchObject({ status: 400, code: 'Arrearage' });
    }
    expect((await post(origin, recipe({ size: '512*512' }))).status).toBe(200);
    fault.cancel();
    expect((await post(origin, recipe({ size: '512*512' }), { key: 'sk-poor' })).status).toBe(200);
  });
});

describe('a header that asks for a task', () => {
  const asynchronous = { headers: { 'X-DashScope-Async': 'enable' } };

  test('may be ignored among messages', async () => {
    const { origin } = await startTestSimulator({ asyncHeader: 'ignore' });
    expect(await imageUrls(await post(origin, recipe({ size: '512*512' }), asynchronous))).toHaveLength(1);
  });

  test('may be obeyed among messages', async () => {
    const { origin, control } = await startTestSimulator({ asyncHeader: 'task' });
    const receipt: unknown = await (await post(origin, recipe({ size: '512*512' }), asynchronous)).json();
    expect(field(receipt, 'output.task_status')).toBe('PENDING');
    expect(control.counters().tasksSubmitted).toBe(1);
  });

  test('may be missing where the SDK says that a model draws at once', async () => {
    const { origin, control } = await startTestSimulator();
    const body = promptRecipe({ n: 1, size: '512*512' }, 'wan2.2-t2i-flash');
    const answer: unknown = await (await post(origin, body, { path: TEXT_TASKS })).json();
    expect(await isImage(field(answer, 'output.results.0.url'))).toBe(true);
    expect(control.counters()).toMatchObject({ tasksSubmitted: 0, accepted: 1, billedImages: 1 });
  });
});

describe('the style repaint', () => {
  const repaint = (input: Readonly<Record<string, unknown>>) => ({ model: 'wanx-style-repaint-v1', input });

  test('is told as results', async () => {
    const { origin } = await startTestSimulator();
    const body = repaint({ image_url: pixel, style_index: -1, style_ref_url: pixel });
    const task = await pollTask(origin, await submitTask(origin, body));
    expect(field(task, 'output')).toMatchObject({ style_index: -1, error_message: 'Success' });
    expect(await isImage(field(task, 'output.results.0.url'))).toBe(true);
  });

  test.each([
    [{ style_index: 3 }, /image_url/],
    [{ image_url: pixel }, /style_index/],
    [{ image_url: pixel, style_index: -1 }, /style_ref_url/],
  ])('is refused for %o', async (input, message) => {
    const { origin } = await startTestSimulator();
    const refusal = await refusalOf(await submitTo(MESSAGE_TASKS, origin, repaint(input)));
    expect(refusal.message).toMatch(message);
  });
});

test.each([
  [{ on: 'generation', effect: { kind: 'reshape', shape: 'square' } }],
  [{ on: 'generation', effect: { kind: 'rewrap', status: 404 } }],
  [{ on: 'generation', effect: { kind: 'gateway', reason: 'tired' } }],
  [{ on: 'generation', effect: { kind: 'hang' }, times: 'often' }],
  [{ on: 'generation', effect: { kind: 'hang' }, key: 1 }],
])('refuses the script %o', async (fault) => {
  const { origin } = await startTestSimulator();
  const response = await fetch(`${origin}/simulator/faults`, { method: 'POST', body: JSON.stringify(fault) });
  expect(response.status).toBe(400);
});
