import { describe, expect, it } from 'vitest';
import { startStack } from '../../support/servers/proxy.ts';
import { body, bytesAt, imageUrls } from '../../support/servers/stack.ts';

describe('pictures from the simulator', () => {
  it.each(['cn', 'intl', 'us', 'hk', 'eu', 'jp'])("are handed on, but not stored as %s's", async (site) => {
    const stack = await startStack({ env: { DASHCACHE_SITE: site } });
    const turns = [await stack.generate(body('a stand-in')), await stack.generate(body('a stand-in'))];
    for (const { status, headers } of turns) {
      expect(status).toBe(200);
      expect(headers.get('cache-status')).toMatch(
        /^dashcache; fwd=miss; key="k1:[0-9a-f]{32}"; detail="not stored"$/,
      );
      expect(headers.get('x-cache')).toBe('MISS');
    }
    expect(stack.asked).toBe(2);
    expect(stack.events.filter(({ type }) => type === 'not-stored')).toHaveLength(2);
    const urls = turns.flatMap(imageUrls);
    expect(urls.map((url) => new URL(url).origin)).toEqual([stack.simulator.origin, stack.simulator.origin]);
    expect((await bytesAt(urls[0] ?? '')).byteLength).toBeGreaterThan(1000);
    expect(await stack.server.services.purchases.counts()).toMatchObject({ unstored: 2, stored: 0 });
  });

  it('are not stored as the vendor’s after a restart either', async () => {
    const stack = await startStack({ env: { DASHCACHE_SITE: 'cn', DASHCACHE_DRAIN_TIMEOUT: '200ms' } });
    const { control } = stack.simulator;
    control.holdTasks();
    const { json } = await stack.request('POST', '/api/v1/services/aigc/text2image/image-synthesis', {
      body: JSON.stringify({
        model: 'wan2.5-t2i-preview',
        parameters: { n: 1, size: '1280*1280' },
        input: { prompt: 'a stand-in' },
      }),
      headers: { 'content-type': 'application/json', 'x-dashscope-async': 'enable' },
    });
    await stack.stopServer();
    await stack.startServer();
    const poll = async () => (await stack.request('GET', `/api/v1/tasks/${json.output.task_id}`)).json.output;
    expect((await poll()).task_status).toBe('PENDING');
    control.resumeTasks();
    await expect.poll(async () => (await poll()).task_status).toBe('SUCCEEDED');
    expect(await stack.server.services.purchases.counts()).toMatchObject({ unstored: 1, stored: 0 });
  });

  it('of one simulator are no hits for another upstream', async () => {
    const stack = await startStack({ env: { DASHCACHE_SITE: '' } });
    await stack.generate(body('mine'));
    const other = await startStack();
    await stack.stopServer();
    await stack.startServer({ DASHCACHE_UPSTREAM: other.simulator.origin });
    expect((await stack.generate(body('mine'))).headers.get('x-cache')).toBe('MISS');
    expect(other.asked).toBe(1);
  });
});
