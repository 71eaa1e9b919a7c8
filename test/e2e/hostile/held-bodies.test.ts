import { expect, it } from 'vitest';
import { ASYNC, IMAGE_GENERATION, RESOLVE } from '../../support/clients/sdk.ts';
import { body, MULTIMODAL, type Stack } from '../../support/servers/stack.ts';
import { startStack } from '../../support/servers/start-stack.ts';

const EDITOR = 'qwen-image-edit-plus';
const GENERATE = '/v1/image.generate';

const held = (stack: Stack) => stack.server.services.bodies.held;

const post = (stack: Stack, path: string, request: object, headers: Readonly<Record<string, string>>) =>
  stack.request('POST', path, {
    body: JSON.stringify(request),
    headers: { 'content-type': 'application/json', ...headers },
  });

const edit = (image: string) => ({
  model: EDITOR,
  input: { messages: [{ role: 'user', content: [{ image }, { text: 'make it night' }] }] },
});

/** Every way in which an answer begins before its flight has landed. */
const WAYS: readonly (readonly [string, (stack: Stack, image: string) => Promise<unknown>])[] = [
  ['a task', (stack, image) => post(stack, IMAGE_GENERATION, edit(image), ASYNC)],
  [
    'a task of image.generate',
    (stack, image) =>
      post(
        stack,
        GENERATE,
        { model: EDITOR, prompt: 'make it night', size: '512*512', reference_image: image },
        { prefer: 'respond-async' },
      ),
  ],
  [
    'progress of image.generate',
    (stack, image) =>
      post(
        stack,
        GENERATE,
        { model: EDITOR, prompt: 'make it night', size: '512*512', reference_image: image },
        { accept: 'text/event-stream' },
      ),
  ],
  [
    'a stream',
    (stack, image) => post(stack, MULTIMODAL, edit(image), { ...RESOLVE, 'x-dashscope-sse': 'enable' }),
  ],
];

it.each(WAYS)('what %s holds is held until its flight has landed, and no longer', async (_, ask) => {
  const stack = await startStack();
  const first = await stack.generate(body('a picture to edit', { size: '512*512' }));
  const picture = first.json.output.choices[0].message.content[0].image;
  const { size } = { size: Number((await fetch(picture, { method: 'HEAD' })).headers.get('content-length')) };
  const gate = stack.simulator.control.fault({ on: 'generation', times: 1, effect: { kind: 'hold' } });
  const answered = ask(stack, picture);
  await gate.waitForHit();
  expect(held(stack)).toBeGreaterThan(size);
  gate.release();
  await answered;
  await stack.server.services.images.close();
  await expect.poll(() => held(stack)).toBe(0);
});

it('tasks that wait for their turn are refused when their bodies come to more than may be held', async () => {
  const stack = await startStack({ DASHCACHE_MAX_INFLIGHT: '4KiB' });
  const gate = stack.simulator.control.fault({ on: 'generation', times: 1, effect: { kind: 'hold' } });
  const submit = (letter: string) => post(stack, IMAGE_GENERATION, body(letter.repeat(600)), ASYNC);
  const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const statuses = [];
  for (const letter of many) statuses.push((await submit(letter)).status);
  expect(statuses.slice(0, 2)).toEqual([200, 200]);
  expect(statuses.at(-1)).toBe(429);
  gate.release();
  await stack.server.services.images.close();
});
