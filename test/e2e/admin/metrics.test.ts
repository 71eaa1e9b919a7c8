import { describe, expect, it } from 'vitest';
import { body, imageUrls } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const ADMIN = 'the-admin-token-0001';

describe('GET /metrics', () => {
  it('counts what happens, in a form that Prometheus takes', async () => {
    const stack = await startStack();
    const secret = 'a prompt that is nobody’s business';
    const answer = await stack.generate(body(secret, SMALL));
    await stack.generate(body(secret, SMALL));
    await fetch(imageUrls(answer)[0] ?? '').then((picture) => picture.arrayBuffer());
    await stack.generate({ ...body('x', SMALL), model: 'wan-never-heard-of' });
    const { status, headers, text } = await stack.request('GET', '/metrics');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const model = 'qwen-image-max';
    for (const line of [
      `dashcache_requests_total{door="dashscope",result="miss",model="${model}"} 1`,
      `dashcache_requests_total{door="dashscope",result="hit",model="${model}"} 1`,
      'dashcache_requests_total{door="dashscope",result="error",model="other"} 1',
      'dashcache_requests_total{door="blob",result="none",model=""} 1',
      `dashcache_upstream_seconds_count{model="${model}",status="200"} 1`,
      `dashcache_spent_total{model="${model}",currency="CNY"} 0.5`,
      `dashcache_avoided_total{model="${model}",currency="CNY"} 0.5`,
      'dashcache_flights 0',
      'dashcache_waiters 0',
      'dashcache_images_at_risk 0',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d{6,}$/m);
    for (const hidden of [secret, 'key:', 'never-heard-of', 'k1:', stack.origin])
      expect(text).not.toContain(hidden);
    // Every line is a comment or a sample, and every family is told of once.
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+-]+|)$/);
    const types = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
    expect(new Set(types).size).toBe(types.length);
  });

  it('counts what clients invent as other, and what the settings name by itself, at every door', async () => {
    const stack = await startStack({ DASHCACHE_MODELS: 'mine' });
    const post = (path: string, asked: object) =>
      stack.request('POST', path, {
        body: JSON.stringify(asked),
        headers: { 'content-type': 'application/json' },
      });
    for (const model of ['mine', 'wan-invented', 'wan-"} 1\nx', '模型', `qwen-image-${'x'.repeat(500)}`]) {
      await stack.generate({ ...body('x', SMALL), model });
      await post('/v1/image.generate', { prompt: 'x', size: '512*512', model });
      await post('/v1/images/generations', { prompt: 'x', model });
      await post('/api/v1/services/aigc/text2image/image-synthesis', { model, input: { prompt: 'x' } });
      await post('/compatible-mode/v1/chat/completions', { model, messages: [] });
      await post(`/api/v1/${encodeURIComponent(model)}`, { model });
    }
    const { text } = await stack.request('GET', '/metrics');
    const values = (label: string) =>
      new Set([...text.matchAll(new RegExp(`[{,]${label}="([^"]*)"`, 'g'))].map(([, value]) => value));
    expect([...values('model')].sort()).toEqual(['', 'mine', 'other']);
    for (const door of values('door'))
      expect(['dashscope', 'image.generate', 'openai', 'passthrough']).toContain(door);
    expect(text).toMatch(/^dashcache_requests_total\{door="dashscope",result="error",model="mine"\} 2$/m);
  });

  it('shows flights and who waits for them', async () => {
    const stack = await startStack();
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const wish = body('a fox', SMALL);
    const first = stack.generate(wish);
    await stack.simulator.control.waitFor('generation', 1);
    const { text } = await stack.request('GET', '/metrics');
    expect(text).toMatch(/^dashcache_flights 1$/m);
    expect(text).toMatch(/^dashcache_waiters 1$/m);
    held.release();
    await first;
  });

  it('shows paid pictures that are not stored', async () => {
    const stack = await startStack({ DASHCACHE_DOWNLOAD_TIMEOUT: '300ms' });
    await stack.generate(body('a fox', SMALL), { 'cache-control': 'no-store' });
    stack.simulator.control.fault({ on: 'image', effect: { kind: 'refuse', status: 404 }, times: 99 });
    await stack.generate(body('a crow', SMALL));
    const { text } = await stack.request('GET', '/metrics');
    expect(text).toMatch(/^dashcache_images_at_risk 1$/m);
    expect(text).toMatch(/^dashcache_not_stored_total\{reason="\w+"\} 1$/m);
  });

  it('is open to whom the admin interface is', async () => {
    const stack = await startStack({ DASHCACHE_ADMIN_TOKEN: ADMIN });
    const ask = (bearer: string) =>
      stack.request('GET', '/metrics', { headers: { authorization: `Bearer ${bearer}` } });
    const refused = await ask('sk-somebody');
    expect([refused.status, refused.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
    expect((await ask(ADMIN)).status).toBe(200);
    expect((await stack.request('POST', '/metrics')).status).toBe(405);
    const closed = await startStack({ DASHCACHE_AUTH: 'passthrough' });
    expect((await closed.request('GET', '/metrics')).status).toBe(403);
  });
});
