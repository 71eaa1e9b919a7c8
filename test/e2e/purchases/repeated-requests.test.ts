import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { body, imageUrls, Stack } from '../../support/servers/stack.ts';

let stack: Stack;

beforeEach(async () => {
  stack = await Stack.start();
});

afterEach(async () => {
  await stack.close();
});

describe('a request repeated byte for byte', () => {
  it('gets the same picture under request ids of its own, and counts as used', async () => {
    const request = body('again and again');
    const answers = [];
    for (let turn = 0; turn < 5; turn += 1) answers.push(await stack.generate(request));
    expect(answers.map(({ headers }) => headers.get('x-cache'))).toEqual([
      'MISS',
      'HIT',
      'HIT',
      'HIT',
      'HIT',
    ]);
    expect(new Set(answers.map(({ json }) => json.request_id)).size).toBe(5);
    expect(answers.map(({ json }) => json.request_id)).toEqual(
      answers.map(({ headers }) => headers.get('x-request-id')),
    );
    const withoutId = answers.map(({ text, json }) => text.replaceAll(json.request_id, ''));
    expect(new Set(withoutId).size).toBe(1);
    const [, second, ...later] = answers.map(({ headers }) => Object.fromEntries(headers));
    for (const headers of later) {
      expect(Object.keys(headers).sort()).toEqual(Object.keys(second ?? {}).sort());
      expect(headers['cache-status']).toBe(second?.['cache-status']);
    }
    expect(stack.events.filter((event) => event.type === 'request' && event.result === 'hit')).toHaveLength(
      4,
    );
    await stack.server.services.usage.flush();
    const [entry] = await stack.server.services.entries.selectForEviction({ limit: 1 });
    expect(entry).toBeDefined();
  });

  it('gets the new take as soon as one was bought', async () => {
    const request = body('moving on');
    for (let turn = 0; turn < 3; turn += 1) await stack.generate(request);
    const bought = await stack.generate(request, { 'cache-control': 'no-cache' });
    const after = await stack.generate(request);
    expect(imageUrls(after)).toEqual(imageUrls(bought));
    expect(after.headers.get('x-cache')).toBe('HIT');
  });

  it('is a miss as soon as the entry is gone', async () => {
    const request = body('gone');
    for (let turn = 0; turn < 3; turn += 1) await stack.generate(request);
    const { entries } = stack.server.services;
    const ids = (await entries.selectForEviction({ limit: 10 })).map(({ id }) => id);
    await entries.delete(ids);
    expect((await stack.generate(request)).headers.get('x-cache')).toBe('MISS');
  });

  it('but for one header goes through every check', async () => {
    const request = body('strangers');
    for (let turn = 0; turn < 3; turn += 1) await stack.generate(request);
    expect((await stack.generate(request, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await stack.generate(request, { 'content-type': 'text/plain' })).status).toBe(415);
    expect(
      (await stack.generate(request, { authorization: 'Bearer sk-other-0123456789' })).headers.get('x-cache'),
    ).toBe('MISS');
    expect((await stack.generate(request, { 'cache-control': 'no-store' })).headers.get('x-cache')).toBe(
      'BYPASS',
    );
  });

  it('rotates over the takes where the policy says so', async () => {
    await stack.stopServer();
    await stack.startServer({ DASHCACHE_SEEDLESS: 'takes:2' });
    const request = body('by turns');
    await stack.generate(request);
    await stack.generate(request, { 'x-dashcache-take': '2' });
    const urls = [];
    for (let turn = 0; turn < 6; turn += 1) urls.push(imageUrls(await stack.generate(request))[0]);
    expect(new Set(urls).size).toBe(2);
    expect(urls[0]).not.toBe(urls[1]);
    expect(urls.slice(0, 2)).toEqual(urls.slice(2, 4));
  });
});
