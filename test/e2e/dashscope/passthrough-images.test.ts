import { describe, expect, it } from 'vitest';
import { startStack } from '../../support/servers/proxy.ts';
import { body, imageUrls, MULTIMODAL } from '../../support/servers/stack.ts';

const json = { 'content-type': 'application/json' };

describe('image models', () => {
  it('the path with a slash at its end is the same door', async () => {
    const stack = await startStack();
    const miss = await stack.generate(body('slash'));
    const hit = await stack.request('POST', `${MULTIMODAL}/`, {
      headers: json,
      body: JSON.stringify(body('slash')),
    });
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(imageUrls(hit)).toEqual(imageUrls(miss));
  });

  it('an encrypted request passes through, unread and uncached', async () => {
    const stack = await startStack();
    const headers = { ...json, 'x-dashscope-encryptionkey': '{"public_key_id":"1","encrypt_key":"a"}' };
    for (const text of [JSON.stringify(body('secret')), JSON.stringify(body('secret')), 'bm8ganNvbg==']) {
      const answer = await stack.request('POST', MULTIMODAL, { headers, body: text });
      expect(answer.headers.get('x-cache')).toBeNull();
      const [upstream] = stack.simulator.control.recent('generation').slice(-1);
      expect(upstream?.body).toBe(text);
      expect(upstream?.headers['x-dashscope-encryptionkey']).toBe(headers['x-dashscope-encryptionkey']);
    }
    expect(stack.asked).toBe(3);
    const plain = await stack.generate(body('secret'));
    expect(plain.headers.get('x-cache')).toBe('MISS');
  });

  it('with a header of unknown effect they pass through, neither from the store nor into it', async () => {
    const stack = await startStack({ env: { DASHCACHE_SCOPE: 'shared' } });
    const strange = { 'X-DashScope-Experiment': 'sepia' };
    for (const prompt of ['poisoned', 'poisoned', 'stored']) {
      if (prompt === 'stored') await stack.generate(body(prompt));
      const answer = await stack.generate(body(prompt), strange);
      expect(answer.headers.get('cache-status')).toMatch(/^dashcache; fwd=bypass; detail=header$/);
      const sent = stack.simulator.control.recent('generation').at(-1);
      expect(sent?.headers).toMatchObject({ 'x-dashscope-experiment': 'sepia' });
    }
    expect(stack.asked).toBe(4);
    expect((await stack.generate(body('poisoned'))).headers.get('x-cache')).toBe('MISS');
  });

  it('by image.generate, which is no dialect of the vendor’s, take none of its unknown headers along', async () => {
    const stack = await startStack();
    const headers = { ...json, 'x-dashscope-experiment': 'sepia', 'x-dashscope-workspace': 'llm-1' };
    const wish = JSON.stringify({ prompt: 'plain', size: '512*512' });
    const answer = await stack.request('POST', '/v1/image.generate', { headers, body: wish });
    expect(answer.status).toBe(200);
    const sent = stack.simulator.control.recent('generation').at(-1)?.headers;
    expect(sent?.['x-dashscope-workspace']).toBe('llm-1');
    expect(sent).not.toHaveProperty('x-dashscope-experiment');
  });

  it('with the headers of the SDKs they are cached as without', async () => {
    const stack = await startStack();
    const headers = {
      'X-DashScope-WorkSpace': 'llm-1',
      'X-DashScope-OssResourceResolve': 'enable',
      'X-DashScope-Source-Config': '{"channel":"skill"}',
      'User-Agent': 'dashscope/1.26.2; python/3.11; incremental_to_full/0',
      'X-Accel-Buffering': 'no',
    };
    expect((await stack.generate(body('sdk'), headers)).headers.get('x-cache')).toBe('MISS');
    expect(stack.simulator.control.recent('generation').at(-1)?.headers).toMatchObject({
      'x-dashscope-workspace': 'llm-1',
    });
    expect((await stack.generate(body('sdk'))).headers.get('x-cache')).toBe('HIT');
  });

  it('that are not cached are not bought either when only a stored picture will do', async () => {
    const stack = await startStack();
    const answer = await stack.generate(body('strange'), {
      'x-dashscope-experiment': 'sepia',
      'cache-control': 'only-if-cached',
    });
    expect([answer.status, answer.json.code]).toEqual([504, 'NotCached']);
    expect(stack.asked).toBe(0);
  });
});
