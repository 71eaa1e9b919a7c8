import { describe, expect, it } from 'vitest';
import { startStack } from '../support/proxy.ts';
import { body, imageUrls, MULTIMODAL } from '../support/stack.ts';

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

  it('with x-dashscope-async they pass through, and Cache-Status says why', async () => {
    const stack = await startStack();
    await stack.generate(body('stored'));
    const answer = await stack.generate(body('stored'), { 'x-dashscope-async': 'enable' });
    expect(answer.headers.get('cache-status')).toMatch(
      /^dashcache; fwd=bypass(; fwd-status=\d+)?; detail=async$/,
    );
    expect(answer.headers.get('x-cache')).toBe('BYPASS');
    expect(answer.headers.get('x-dashcache-simulator')).toBe('1');
    expect(stack.asked).toBe(2);
  });
});
