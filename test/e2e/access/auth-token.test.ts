import { describe, expect, it } from 'vitest';
import { send } from '../../support/clients/http-client.ts';
import { startStack } from '../../support/servers/proxy.ts';
import { body, imageUrls, MULTIMODAL } from '../../support/servers/stack.ts';

const SERVER_KEY = 'sk-the-servers-own-key';
const ALICE = 'token-of-alice-000001';
const ALICE_TOO = 'token-of-alice-000002';
const BOB = 'token-of-bob-00000001';

const start = (env: Readonly<Record<string, string>> = {}) =>
  startStack({
    env: {
      DASHCACHE_AUTH: 'token',
      DASHCACHE_TOKENS: `alice:${ALICE},alice:${ALICE_TOO},bob:${BOB}`,
      DASHSCOPE_API_KEY: SERVER_KEY,
      ...env,
    },
  });

const as = (token: string) => ({ authorization: `Bearer ${token}` });

describe('token mode', () => {
  it("the server's key pays, and the token never leaves", async () => {
    const stack = await start({ DASHCACHE_PASSTHROUGH: '/compatible-mode' });
    const answer = await stack.generate(body('tokens'), as(ALICE));
    expect(answer.headers.get('x-cache')).toBe('MISS');
    expect(new URL(imageUrls(answer)[0] ?? '').origin).toBe(stack.origin);
    await stack.generate(body('tokens'), { ...as(ALICE), 'x-dashscope-experiment': 'sepia' });
    await stack.request('GET', '/compatible-mode/v1/models', { headers: as(ALICE) });
    const sent = stack.simulator.control.recent();
    expect(sent).toHaveLength(4);
    expect(JSON.stringify(sent)).not.toContain(ALICE);
    const keys = sent.flatMap(({ headers }) => headers.authorization ?? []);
    expect(keys).toEqual(Array(3).fill(`Bearer ${SERVER_KEY}`));
  });

  it.each([undefined, 'Bearer token-of-nobody-0001', `Bearer ${SERVER_KEY}`, `Basic ${ALICE}`, 'Bearer '])(
    'with Authorization %s there is a 401, and nobody is asked',
    async (authorization) => {
      const stack = await start();
      const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) };
      for (const path of [MULTIMODAL, '/api/v1/any']) {
        const response = await fetch(stack.origin + path, { method: 'POST', headers, body: '{}' });
        expect([response.status, (await response.json()).code]).toEqual([401, 'InvalidApiKey']);
      }
      expect(stack.simulator.control.recent()).toEqual([]);
    },
  );

  it('each name has entries of its own, whichever of its tokens it shows', async () => {
    const stack = await start();
    const results = [];
    for (const token of [ALICE, ALICE_TOO, BOB]) {
      results.push((await stack.generate(body('names'), as(token))).headers.get('x-cache'));
    }
    expect(results).toEqual(['MISS', 'HIT', 'MISS']);
  });

  it('a shared scope is everybody’s', async () => {
    const stack = await start({ DASHCACHE_SCOPE: 'shared' });
    await stack.generate(body('ours'), as(ALICE));
    expect((await stack.generate(body('ours'), as(BOB))).headers.get('x-cache')).toBe('HIT');
  });

  it('nothing passes through unless DASHCACHE_PASSTHROUGH names it', async () => {
    const stack = await start({ DASHCACHE_PASSTHROUGH: '/compatible-mode/v1,/api/v1/services/embeddings/' });
    const status = async (path: string) => {
      const answer = await send(stack.origin, { path, headers: as(ALICE) });
      if (answer.status === 403) expect(String(answer.body)).toContain('DASHCACHE_PASSTHROUGH');
      return answer.status;
    };
    const refused = ['/api/v1/files', '/compatible-mode/v10/models', '/api/v1/services/embeddingsX'];
    for (const path of refused) expect([path, await status(path)]).toEqual([path, 403]);
    for (const path of [
      '/compatible-mode/v1/../../api/v1/files',
      '/compatible-mode/v1/..%2f..%2fapi/v1/files',
      '/compatible-mode/v1/..;/x',
    ])
      expect([path, await status(path)]).toEqual([path, 400]);
    expect(stack.simulator.control.recent()).toEqual([]);
    await status('/compatible-mode/v1/models');
    await status('/api/v1/services/embeddings/x');
    expect(stack.simulator.control.counters().other).toBe(2);
  });

  it('tasks of the whole account are behind no spelling of their path, whatever may pass through', async () => {
    const stack = await start({ DASHCACHE_PASSTHROUGH: 'all' });
    for (const path of [
      '/api/v1//tasks',
      '/api/v1/tasks//x',
      '/api/v1/tasks%2Fx',
      '/api/v1/tasks;a=b',
      '/api/v1/;a/tasks/x',
      '/api/v1/Tasks/x',
      '/api/v1/tasks/x/y',
      '/api/v1/tasks%20/x',
      '/api/v1/tasks./x',
      '/api/v1/%5ctasks/x',
      '/api/v1/api/v1/tasks%20/x',
      '/api/v1/tasks%252Fx',
    ])
      expect([path, (await send(stack.origin, { path, headers: as(ALICE) })).status]).toEqual([path, 404]);
    const deletion = { method: 'DELETE', path: '/api/v1/tasks/x', headers: as(ALICE) };
    expect((await send(stack.origin, deletion)).status).toBe(404);
    expect(stack.simulator.control.recent()).toEqual([]);
    await send(stack.origin, { path: '/api/v1/tasksets', headers: as(ALICE) });
    expect(stack.simulator.control.counters().other).toBe(1);
  });

  it('that holds for other models on the path of the image models, too', async () => {
    const stack = await start();
    const vision = { model: 'qwen3-vl-plus', input: { messages: [] } };
    const answer = await stack.generate(vision, as(ALICE));
    expect(answer.status).toBe(403);
    expect(answer.json.message).toContain('DASHCACHE_PASSTHROUGH');
    expect(stack.simulator.control.recent()).toEqual([]);
  });
});
