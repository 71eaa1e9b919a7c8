import { describe, expect, it, vi } from 'vitest';
import { readRows } from '../../support/data/rows.ts';
import { API_KEY, body, MULTIMODAL, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const purchases = (stack: Stack) =>
  readRows(stack, 'select state, images, spent_at is null as free from purchases');
const spent = (stack: Stack) =>
  readRows(
    stack,
    'select coalesce(sum(spent_cny), 0) as cny, coalesce(sum(spent_unpriced), 0) as n from ledger',
  );

/** A request whose seed no double holds: it goes past the cache. */
async function bypass(stack: Stack, headers: Record<string, string> = {}): Promise<Response> {
  const text = JSON.stringify(body('past the cache', { ...SMALL, seed: 1 })).replace(
    '"seed":1',
    '"seed":1.00000000000000000001',
  );
  return await fetch(stack.origin + MULTIMODAL, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...headers },
    body: text,
  });
}

describe('an image request that goes past the cache', () => {
  it('is a purchase like any other: what it costs is in the ledger', async () => {
    const stack = await startStack();
    const response = await bypass(stack, { 'accept-encoding': 'gzip' });
    expect([response.status, response.headers.get('x-cache')]).toEqual([200, 'BYPASS']);
    expect(await response.text()).toContain('"image"');
    await vi.waitUntil(() => purchases(stack)[0]?.state !== 'sent');
    expect(purchases(stack)).toEqual([{ state: 'unstored', images: 1, free: 0 }]);
    expect(spent(stack)[0]?.cny).toBeGreaterThan(0);
    expect(stack.simulator.control.counters().billedImages).toBe(1);
  });

  it('that is refused is free', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'refuse', status: 400, code: 'InvalidParameter', message: 'no' },
    });
    expect((await bypass(stack)).status).toBe(400);
    await vi.waitUntil(() => purchases(stack)[0]?.state !== 'sent');
    expect(purchases(stack)).toEqual([{ state: 'refused', images: null, free: 1 }]);
    expect(spent(stack)).toEqual([{ cny: 0, n: 0 }]);
  });

  it('that is lost may have been paid', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'reset' } });
    expect((await bypass(stack)).status).toBeGreaterThanOrEqual(400);
    await vi.waitUntil(() => purchases(stack)[0]?.state !== 'sent');
    expect(purchases(stack)).toMatchObject([{ state: 'unknown' }]);
  });
});
