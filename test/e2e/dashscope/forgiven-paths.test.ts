import { expect, it } from 'vitest';
import { API_KEY, body, MULTIMODAL } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

it('whatever of OpenAI’s is not ours goes to the vendor’s compatible mode, under the one base URL', async () => {
  const stack = await startStack();
  const chat = { model: 'qwen-plus', messages: [{ role: 'user', content: 'hello' }] };
  const answer = await stack.request('POST', '/v1/chat/completions?x=1', {
    body: JSON.stringify(chat),
    headers: JSON_TYPE,
  });
  expect(answer.status).toBe(200);
  const [sent] = stack.simulator.control.recent();
  expect([sent?.path, sent?.body]).toEqual([
    '/compatible-mode/v1/chat/completions?x=1',
    JSON.stringify(chat),
  ]);
});

it('does so only where compatible mode may pass through, and says no in OpenAI’s words', async () => {
  const stack = await startStack({
    DASHCACHE_AUTH: 'token',
    DASHCACHE_TOKENS: 'ann:token-of-ann-0001',
    DASHSCOPE_API_KEY: API_KEY,
    DASHCACHE_PUBLIC_URL: 'http://127.0.0.1:1',
    DASHCACHE_PASSTHROUGH: '/compatible-mode/v1/embeddings',
  });
  const ask = (path: string) =>
    stack.request('POST', path, {
      body: '{}',
      headers: { ...JSON_TYPE, authorization: 'Bearer token-of-ann-0001' },
    });
  const refused = await ask('/v1/chat/completions');
  expect([refused.status, refused.json.error.code]).toEqual([403, 'passthrough_disabled']);
  await ask('/v1/embeddings');
  expect(stack.simulator.control.recent().map(({ path }) => path)).toEqual([
    '/compatible-mode/v1/embeddings',
  ]);
  expect((await ask('/v1/image.generate/nothing')).status).toBe(404);
});

it('a base of /api/v1 said twice is meant once, by images and by what passes through', async () => {
  const stack = await startStack();
  const post = (path: string) =>
    stack.request('POST', path, { body: JSON.stringify(body('a boat', SMALL)), headers: JSON_TYPE });
  expect((await post(`/api/v1${MULTIMODAL}`)).headers.get('x-cache')).toBe('MISS');
  expect((await post(MULTIMODAL)).headers.get('x-cache')).toBe('HIT');
  await stack.request('GET', '/api/v1/api/v1/files?a=b');
  expect(stack.simulator.control.recent().at(-1)?.path).toBe('/api/v1/files?a=b');
});
