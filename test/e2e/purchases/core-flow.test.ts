import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { body, bytesAt, imageUrls, Stack } from '../../support/servers/stack.ts';

let stack: Stack;

beforeEach(async () => {
  stack = await Stack.start();
});

afterEach(async () => {
  await stack.close();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a picture is paid for once', () => {
  it('the first request is forwarded, the second answered from the store, with the same bytes', async () => {
    const miss = await stack.generate(body('a tin lighthouse'));
    expect(miss.status).toBe(200);
    expect(miss.headers.get('x-cache')).toBe('MISS');
    expect(miss.headers.get('cache-status')).toMatch(/^dashcache; fwd=miss; stored; key="k1:[0-9a-f]{32}"$/);
    expect(miss.headers.get('age')).toBeNull();

    const hit = await stack.generate(body('a tin lighthouse'));
    expect(hit.status).toBe(200);
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(hit.headers.get('cache-status')).toMatch(/^dashcache; hit; key="k1:[0-9a-f]{32}"$/);
    expect(hit.headers.get('age')).toMatch(/^\d+$/);
    expect(stack.asked).toBe(1);

    const [url] = imageUrls(miss);
    expect(imageUrls(hit)).toEqual([url]);
    const [, digest] = /\/blobs\/([0-9a-f]{64})\.png$/.exec(url ?? '') ?? [];
    expect(sha256(await bytesAt(url ?? ''))).toBe(digest);
  });

  it('every answer has a request id of its own, the same in body and header', async () => {
    const answers = [];
    for (let turn = 0; turn < 3; turn += 1) answers.push(await stack.generate(body('ids')));
    const ids = answers.map(({ json }) => json.request_id);
    expect(new Set(ids).size).toBe(3);
    expect(answers.map(({ headers }) => headers.get('x-request-id'))).toEqual(ids);
    const [upstreamId, ...others] = answers.map(({ headers }) =>
      headers.get('x-dashcache-upstream-request-id'),
    );
    expect(upstreamId).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids).not.toContain(upstreamId);
    expect(others).toEqual([upstreamId, upstreamId]);
  });

  it("its URL serves the same bytes after upstream's has expired and after a restart", async () => {
    const [url = ''] = imageUrls(await stack.generate(body('durable')));
    const before = sha256(await bytesAt(url));
    const [source] = stack.simulator.control.recent('image');
    stack.aheadMs = 25 * 60 * 60 * 1000;
    expect((await fetch(stack.simulator.origin + source?.path)).status).toBe(403);

    await stack.stopServer();
    await stack.startServer();
    const moved = stack.origin + new URL(url).pathname;
    expect(sha256(await bytesAt(moved))).toBe(before);
    const hit = await stack.generate(body('durable'));
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(1);
  });

  it('1,000 identical requests at once make one upstream call, and everyone gets the same bytes', async () => {
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const answers = Array.from({ length: 1000 }, () => stack.generate(body('a burst')));
    await stack.simulator.control.waitFor('generation', 1);
    held.release();
    const done = await Promise.all(answers);
    expect(done.map(({ status }) => status)).toEqual(Array(1000).fill(200));
    expect(stack.asked).toBe(1);
    expect(stack.simulator.control.counters().images).toBe(1);
    const urls = new Set(done.flatMap(imageUrls));
    expect(urls.size).toBe(1);
    const results = done.map(({ headers }) => headers.get('x-cache'));
    expect(results.filter((result) => result === 'MISS')).toHaveLength(1);
    expect(results.every((result) => result === 'MISS' || result === 'COALESCED' || result === 'HIT')).toBe(
      true,
    );
    expect((await bytesAt([...urls][0] ?? '')).byteLength).toBeGreaterThan(1000);
  });

  it('a client that hangs up does not lose the picture', async () => {
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const impatient = new AbortController();
    const lost = stack.generate(body('abandoned'), {}, impatient.signal);
    await stack.simulator.control.waitFor('generation', 1);
    impatient.abort();
    await expect(lost).rejects.toThrow();
    held.release();
    const retry = await stack.generate(body('abandoned'));
    expect(retry.status).toBe(200);
    expect(retry.headers.get('x-cache')).not.toBe('MISS');
    expect(stack.asked).toBe(1);
  });
});
