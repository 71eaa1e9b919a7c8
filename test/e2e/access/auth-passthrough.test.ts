import { describe, expect, it } from 'vitest';
import { edit, startAssets } from '../../support/clients/assets.ts';
import { STREAMING } from '../../support/clients/streams.ts';
import { ageProofs } from '../../support/data/credentials.ts';
import { readRows } from '../../support/data/rows.ts';
import { png } from '../../support/data/sample-images.ts';
import { findClosedPort, startServer } from '../../support/servers/http-server.ts';
import { startStack } from '../../support/servers/proxy.ts';
import { type Answer, body, imageUrls, MULTIMODAL, type Stack } from '../../support/servers/stack.ts';

const SERVER_KEY = 'sk-the-servers-own-key';
const HOUR_MS = 60 * 60 * 1000;

const start = (env: Readonly<Record<string, string>> = {}, apiKeys?: readonly string[]) =>
  startStack({
    env: { DASHCACHE_AUTH: 'passthrough', DASHSCOPE_API_KEY: SERVER_KEY, ...env },
    simulator: apiKeys === undefined ? {} : { apiKeys },
  });

const as = (key: string) => ({ authorization: `Bearer ${key}` });

const submit = (stack: Stack, headers: Readonly<Record<string, string>>) =>
  stack.request('POST', '/api/v1/services/aigc/image-generation/generation', {
    headers: { ...headers, 'content-type': 'application/json', 'x-dashscope-async': 'enable' },
    body: JSON.stringify(body('task', { n: 1 }, 'wan2.6-t2i')),
  });

const proofs = (stack: Stack) => stack.simulator.control.counters().tasks;

describe('passthrough mode', () => {
  it('without a bearer there is a 401 in the vendor’s shape, and nobody is asked', async () => {
    const stack = await start();
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    for (const path of [MULTIMODAL, '/api/v1/tasks/x/cancel', '/compatible-mode/v1/chat/completions']) {
      for (const [headers, message] of [
        [init.headers, 'No API-key provided.'],
        [{ ...init.headers, authorization: 'Basic c2stYTpi' }, 'Invalid API-key provided.'],
      ] as const) {
        const response = await fetch(stack.origin + path, { ...init, headers });
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual({
          code: 'InvalidApiKey',
          message,
          request_id: response.headers.get('x-request-id'),
        });
      }
    }
    expect(stack.simulator.control.recent()).toEqual([]);
  });

  it("an invalid key gets the vendor's own 401, also for what is stored", async () => {
    const stack = await start();
    await stack.generate(body('stored'), as('sk-good'));
    for (const prompt of ['stored', 'new']) {
      const answer = await stack.generate(body(prompt), as('sk-invalid'));
      expect([answer.status, answer.json.code]).toEqual([401, 'InvalidApiKey']);
      expect(answer.headers.get('x-request-id')).toBe(answer.json.request_id);
      expect(answer.headers.has('content-type')).toBe(false);
    }
  });

  it('invented keys leave no purchase behind, and soon go no further; a key that was accepted does', async () => {
    const stack = await start();
    expect((await stack.generate(body('mine'), as('sk-good'))).status).toBe(200);
    const statuses: number[] = [];
    for (let made = 0; made < 40; made += 1)
      statuses.push((await stack.generate(body(`invented ${made}`), as(`sk-invalid-${made}`))).status);
    expect(statuses).toEqual([...Array<number>(30).fill(401), ...Array<number>(10).fill(429)]);
    expect((await stack.generate(body('mine, too'), as('sk-good'))).status).toBe(200);
    expect(readRows(stack, 'select state from purchases')).toEqual([
      { state: 'stored' },
      { state: 'stored' },
    ]);
  });

  it("the client's key pays, never the server's; two keys have entries of their own", async () => {
    const stack = await start();
    for (const key of ['sk-one', 'sk-two']) {
      expect((await stack.generate(body('apart'), as(key))).headers.get('x-cache')).toBe('MISS');
      expect((await stack.generate(body('apart'), as(key))).headers.get('x-cache')).toBe('HIT');
    }
    await stack.request('GET', '/api/v1/tasks', { headers: as('sk-two') });
    const used = stack.simulator.control.recent().map(({ headers }) => headers.authorization);
    expect(used.filter((value) => value !== undefined)).toEqual([
      'Bearer sk-one',
      'Bearer sk-two',
      'Bearer sk-two',
    ]);
  });

  it('a purchase proves its key for an hour, restarts included; then the free task list does', async () => {
    const stack = await start();
    await stack.generate(body('proved'), as('sk-good'));
    await ageProofs(stack, 0.9 * HOUR_MS);
    expect((await stack.generate(body('proved'), as('sk-good'))).headers.get('x-cache')).toBe('HIT');
    expect(proofs(stack)).toBe(0);

    await ageProofs(stack, HOUR_MS);
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await stack.generate(body('proved'), as('sk-good'))).headers.get('x-cache')).toBe('HIT');
    }
    expect(stack.simulator.control.recent('tasks').map(({ path }) => path)).toEqual([
      '/api/v1/tasks?page_no=1&page_size=1',
    ]);
    await ageProofs(stack, 0.9 * HOUR_MS);
    await stack.generate(body('proved'), as('sk-good'));
    expect(proofs(stack)).toBe(1);
    expect(stack.asked).toBe(1);
  });

  it('neither hits nor what the vendor answers to anybody prove a key', async () => {
    const upstream = await startServer((incoming, outgoing) => {
      const isProof = incoming.url?.startsWith('/api/v1/tasks?') ?? false;
      outgoing.writeHead(isProof ? 401 : 200).end();
    });
    const stack = await start({ DASHCACHE_SCOPE: 'shared', DASHCACHE_UPSTREAM: upstream.origin });
    for (const method of ['OPTIONS', 'HEAD', 'GET', 'POST']) {
      const path = '/compatible-mode/v1/models';
      expect((await stack.request(method, path, { headers: as('sk-made-up') })).status).toBe(200);
    }
    expect((await stack.generate(body('for anybody'), as('sk-made-up'))).status).toBe(401);
  });

  it('a key in constant use is proved again every hour', async () => {
    const stack = await start();
    await stack.generate(body('busy'), as('sk-good'));
    for (let turn = 1; turn <= 3; turn += 1) {
      await ageProofs(stack, 0.7 * HOUR_MS);
      await stack.generate(body('busy'), as('sk-good'));
    }
    expect(proofs(stack)).toBe(1);
  });

  it('a key that was revoked gets no more hits, and is not asked about again at once', async () => {
    const keys = ['sk-good'];
    const stack = await start({}, keys);
    await stack.generate(body('revoked'), as('sk-good'));
    keys.pop();
    await ageProofs(stack, 2 * HOUR_MS);
    for (let turn = 0; turn < 3; turn += 1) {
      const { status, json } = await stack.generate(body('revoked'), as('sk-good'));
      expect([status, json.code]).toEqual([401, 'InvalidApiKey']);
    }
    expect(proofs(stack)).toBe(1);
  });

  const chat = { model: 'qwen-vl-max', input: { messages: [{ role: 'user', content: [{ text: 'x' }] }] } };
  it.each<[string, (stack: Stack) => Promise<Answer>]>([
    ['miss', (stack) => stack.generate(body('new'), as('sk-good'))],
    ['streamed miss', (stack) => stack.generate(body('new'), { ...as('sk-good'), ...STREAMING })],
    ['request that is not cached', (stack) => stack.generate(body('new', { seed: 1e300 }), as('sk-good'))],
    ['task', (stack) => submit(stack, as('sk-good'))],
    ['chat', (stack) => stack.generate(chat, as('sk-good'))],
    ['list of tasks', (stack) => stack.request('GET', '/api/v1/tasks', { headers: as('sk-good') })],
  ])('a key whose %s the vendor answers with 401 gets no more hits', async (_, refuse) => {
    const keys = ['sk-good'];
    const stack = await start({}, keys);
    await stack.generate(body('revoked today'), as('sk-good'));
    keys.pop();
    expect((await refuse(stack)).status).toBe(401);
    expect((await stack.generate(body('revoked today'), as('sk-good'))).status).toBe(401);
    keys.push('sk-good');
  });

  it('a crowd with one key is proved by one call', async () => {
    const stack = await start();
    await stack.generate(body('crowd'), as('sk-good'));
    await ageProofs(stack, 2 * HOUR_MS);
    const held = stack.simulator.control.fault({ on: 'tasks', effect: { kind: 'hold' } });
    const answers = Array.from({ length: 50 }, () => stack.generate(body('crowd'), as('sk-good')));
    await held.waitForHit();
    held.release();
    const results = (await Promise.all(answers)).map(({ headers }) => headers.get('x-cache'));
    expect(new Set(results)).toEqual(new Set(['HIT']));
    expect(proofs(stack)).toBe(1);
  });

  it.each([429, 500, 503])(
    'while the vendor answers %i a key of today keeps its hits, an older one gets 503',
    async (status) => {
      const stack = await start();
      await stack.generate(body('grace'), as('sk-good'));
      stack.simulator.control.fault({ on: 'tasks', effect: { kind: 'refuse', status }, times: 2 });
      await ageProofs(stack, 23 * HOUR_MS);
      expect((await stack.generate(body('grace'), as('sk-good'))).headers.get('x-cache')).toBe('HIT');
      await ageProofs(stack, 2 * HOUR_MS);
      const refused = await stack.generate(body('grace'), as('sk-good'));
      expect([refused.status, refused.json.code]).toEqual([503, 'ModelUnavailable']);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect((await stack.generate(body('grace'), as('sk-good'))).headers.get('x-cache')).toBe('HIT');
    },
  );

  it('the same while nobody answers at all', async () => {
    const stack = await start();
    await stack.generate(body('down'), as('sk-good'));
    const nobody = { DASHCACHE_UPSTREAM: `http://127.0.0.1:${await findClosedPort()}` };
    await ageProofs(stack, 2 * HOUR_MS, nobody);
    expect((await stack.generate(body('down'), as('sk-good'))).headers.get('x-cache')).toBe('HIT');
    await ageProofs(stack, 23 * HOUR_MS, nobody);
    expect((await stack.generate(body('down'), as('sk-good'))).status).toBe(503);
  });
});

describe('pictures at URLs', () => {
  it('are fetched only for keys that the vendor accepts, at every door', async () => {
    const assets = await startAssets();
    assets.serve('/a.png', png(400, 300));
    const stack = await start({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    const url = assets.at('/a.png');
    const model = 'qwen-image-edit-plus';
    const askAll = async (key: string) => {
      const asked = [
        [MULTIMODAL, edit(url)],
        ['/v1/image.generate', { model, prompt: 'x', size: '1024*1024', reference_image: url }],
        ['/v1/images/edits', { model, prompt: 'x', image: url }],
      ] as const;
      const statuses = [];
      for (const [path, wish] of asked) {
        const headers = { ...as(key), 'content-type': 'application/json' };
        statuses.push((await stack.request('POST', path, { headers, body: JSON.stringify(wish) })).status);
      }
      return statuses;
    };
    expect(await askAll('sk-invalid')).toEqual([401, 401, 401]);
    expect(assets.asked('/a.png')).toBe(0);
    expect(stack.asked).toBe(0);
    expect(await askAll('sk-good')).toEqual([200, 200, 200]);
    expect(proofs(stack)).toBe(2);
  });
});

describe('a shared scope', () => {
  it('serves every key that the vendor accepts, and no other', async () => {
    const stack = await start({ DASHCACHE_SCOPE: 'shared' });
    await stack.generate(body('common'), as('sk-one'));
    expect((await stack.generate(body('common'), as('sk-invalid'))).status).toBe(401);
    expect((await stack.generate(body('common'), as('sk-two'))).headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(1);
  });

  it("does not let a bad key join a good one's flight", async () => {
    const stack = await start({ DASHCACHE_SCOPE: 'shared' });
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const leader = stack.generate(body('joined'), as('sk-one'));
    await held.waitForHit();
    expect((await stack.generate(body('joined'), as('sk-invalid'))).status).toBe(401);
    const follower = stack.generate(body('joined'), as('sk-two'));
    await stack.simulator.control.waitFor('tasks', 3);
    held.release();
    expect((await leader).headers.get('x-cache')).toBe('MISS');
    expect((await follower).status).toBe(200);
    expect(stack.asked).toBe(1);
  });

  it('shows its tasks to no key that the vendor refuses, through no door', async () => {
    const stack = await start({ DASHCACHE_SCOPE: 'shared' });
    const submitted = await stack.request('POST', '/v1/image.generate', {
      headers: { ...as('sk-one'), 'content-type': 'application/json', prefer: 'respond-async' },
      body: JSON.stringify({ prompt: 'theirs', size: '1024*1024' }),
    });
    const doors = [submitted.headers.get('location') ?? '', `/api/v1/tasks/${submitted.json.task_id}`];
    for (const path of doors) {
      const statusFor = async (key: string) =>
        (await stack.request('GET', path, { headers: as(key) })).status;
      expect([path, await statusFor('sk-invalid'), await statusFor('sk-two')]).toEqual([path, 401, 200]);
    }
  });
});

describe('the base of blob URLs outside local mode', () => {
  const forged = {
    ...as('sk-good'),
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    forwarded: 'host=evil.example',
  };

  it('is DASHCACHE_PUBLIC_URL where it is set', async () => {
    const stack = await start({ DASHCACHE_PUBLIC_URL: 'https://cache.example/pictures/' });
    for (const answer of [
      await stack.generate(body('base'), forged),
      await stack.generate(body('base'), forged),
    ])
      expect(imageUrls(answer)[0]).toMatch(/^https:\/\/cache\.example\/pictures\/blobs\/[0-9a-f]{64}\.png$/);
  });

  it('is where the server listens otherwise', async () => {
    const stack = await start();
    const [url = ''] = imageUrls(await stack.generate(body('base'), forged));
    expect(new URL(url).origin).toBe(stack.origin);
  });
});
