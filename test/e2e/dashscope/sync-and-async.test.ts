import { expect, it } from 'vitest';
import { dataUri } from '../../support/clients/assets.ts';
import { ASYNC, IMAGE_GENERATION, Sdk, SPELLINGS, TEXT2IMAGE } from '../../support/clients/sdk.ts';
import { png } from '../../support/data/sample-images.ts';
import { body, imageUrls, MULTIMODAL, type Stack } from '../../support/servers/stack.ts';
import { isDurable, SMALL, startStack } from '../../support/servers/start-stack.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const post = (stack: Stack, path: string, wanted: object, headers: Readonly<Record<string, string>> = {}) =>
  stack.request('POST', path, { body: JSON.stringify(wanted), headers: { ...JSON_TYPE, ...headers } });

const ended = async (stack: Stack, id: string) =>
  (await new Sdk(stack.origin, SPELLINGS.python).wait(id)).json;

const prompt = (text: string, model: string, size = '512*512') => ({
  model,
  parameters: { size, n: 1 },
  input: { prompt: text },
});

it('a prompt without the async header is answered when it is drawn, and is the task’s picture', async () => {
  const stack = await startStack();
  const wanted = prompt('a boat', 'wan2.2-t2i-flash');
  const drawn = await post(stack, TEXT2IMAGE, wanted);
  expect([drawn.status, drawn.headers.get('x-cache')]).toEqual([200, 'MISS']);
  expect(drawn.json.output).toMatchObject({
    task_id: drawn.json.request_id,
    task_status: 'SUCCEEDED',
    results: [{ orig_prompt: 'a boat', url: expect.stringContaining('/blobs/') }],
  });
  const again = await post(stack, TEXT2IMAGE, wanted);
  expect([again.headers.get('x-cache'), again.json.output.results]).toEqual([
    'HIT',
    drawn.json.output.results,
  ]);
  const task = await post(stack, TEXT2IMAGE, wanted, ASYNC);
  expect(task.headers.get('x-cache')).toBe('HIT');
  const { output } = await ended(stack, task.json.output.task_id);
  expect(output.results).toEqual(drawn.json.output.results);
  expect(stack.asked).toBe(1);
});

it('messages with the async header get a task, and are the synchronous picture', async () => {
  const stack = await startStack();
  const wanted = body('a boat', SMALL);
  const task = await post(stack, MULTIMODAL, wanted, ASYNC);
  expect([task.headers.get('x-cache'), task.json.output.task_status]).toEqual(['MISS', 'PENDING']);
  const { output } = await ended(stack, task.json.output.task_id);
  const now = await post(stack, MULTIMODAL, wanted);
  expect(now.headers.get('x-cache')).toBe('HIT');
  expect(imageUrls(now)).toEqual([output.choices[0].message.content[0].image]);
  expect(stack.asked).toBe(1);
});

it('one picture that could not be kept is answered in the shape of the endpoint', async () => {
  const stack = await startStack();
  const wanted = prompt('a boat', 'qwen-image-max', '1664*928');
  const drawn = await post(stack, TEXT2IMAGE, wanted, { 'cache-control': 'no-store' });
  expect(drawn.json.output).toMatchObject({
    task_status: 'SUCCEEDED',
    results: [{ url: expect.any(String) }],
  });
  const messages = { model: 'wan2.5-t2i-preview', parameters: { n: 1 }, input: body('a boat').input };
  const other = await post(stack, MULTIMODAL, messages, { 'cache-control': 'no-store' });
  expect(other.json.output.choices[0].message.content).toEqual([{ image: expect.any(String) }]);
  expect(isDurable(stack, other)).toBe(false);
});

it('what has fields of its own on the path of messages is answered in results, on a hit too', async () => {
  const stack = await startStack();
  const wanted = {
    model: 'wanx-style-repaint-v1',
    input: { image_url: dataUri('image/png', png(300, 300)), style_index: 1 },
  };
  const shown = [];
  for (const cache of ['MISS', 'HIT']) {
    const task = await post(stack, IMAGE_GENERATION, wanted, ASYNC);
    expect(task.headers.get('x-cache')).toBe(cache);
    const { output } = await ended(stack, task.json.output.task_id);
    shown.push(output.results.map((result: object) => Object.keys(result).sort()));
    expect(output.results[0].url).toContain('/blobs/');
  }
  expect(shown[1]).toEqual(shown[0]);
  expect(stack.asked).toBe(1);
});
