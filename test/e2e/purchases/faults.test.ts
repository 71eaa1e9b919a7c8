import { describe, expect, it } from 'vitest';
import { watchArrivals } from '../../support/clients/arrivals.ts';
import { countEntries, readPurchases } from '../../support/data/rows.ts';
import { findClosedPort } from '../../support/servers/http-server.ts';
import { body, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { isDurable, SMALL, startStack } from '../../support/servers/start-stack.ts';

const AT_ONCE = { retryAfter: '0' } as const;
const prompt = (text: string) => body(text, SMALL);

/** Headers that tell about the vendor's account or its timing. */
const PRIVATE = /^(x-dashscope-.*|set-cookie|eagleeye-.*|req-.*|resp-.*|x-envoy-.*|server)$/;

function privateHeaders(headers: Headers): string[] {
  return [...headers.keys()].filter((name) => PRIVATE.test(name));
}

async function refuseAll(stack: Stack, status: number, code?: string, times = 10) {
  const effect = { kind: 'refuse', status, ...AT_ONCE, ...(code === undefined ? {} : { code }) } as const;
  stack.simulator.control.fault({ on: 'generation', times, effect });
  return await stack.generate(prompt('refused'));
}

describe('refusals of upstream', () => {
  it('a 429 is tried four times and then passed on as it came', async () => {
    const stack = await startStack();
    const answer = await refuseAll(stack, 429);
    expect(answer.status).toBe(429);
    expect(stack.asked).toBe(4);
    expect(answer.headers.get('retry-after')).toBe('0');
    expect(answer.json.code).toBe('Throttling.RateQuota');
    expect(answer.json.request_id).toBe(answer.headers.get('x-request-id'));
    expect(answer.headers.get('cache-status')).toMatch(/^dashcache; fwd=miss; fwd-status=429; key=/);
    expect(stack.events.filter(({ type }) => type === 'retry')).toHaveLength(3);
    expect(readPurchases(stack)).toEqual([{ state: 'refused', status: 429 }]);
  });

  it.each([500, 502, 503])('a %d is tried three times and then passed on', async (status) => {
    const stack = await startStack();
    const answer = await refuseAll(stack, status);
    expect(answer.status).toBe(status);
    expect(stack.asked).toBe(3);
    expect(readPurchases(stack)).toEqual([{ state: 'refused', status }]);
  });

  it('a refusal that passes ends in a picture, paid once', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({
      on: 'generation',
      times: 3,
      effect: { kind: 'refuse', status: 429, ...AT_ONCE },
    });
    const answer = await stack.generate(prompt('patience'));
    expect(answer.headers.get('cache-status')).toMatch(/^dashcache; fwd=miss; stored;/);
    expect(isDurable(stack, answer)).toBe(true);
    expect(stack.simulator.control.counters().billedImages).toBe(1);
    expect(readPurchases(stack)).toEqual([{ state: 'stored', status: 200 }]);
  });

  it.each(['31', new Date(Date.now() + 3_600_000).toUTCString()])(
    'a Retry-After beyond the time for retries (%s) is passed on at once',
    async (retryAfter) => {
      const stack = await startStack();
      stack.simulator.control.fault({
        on: 'generation',
        times: 4,
        effect: { kind: 'refuse', status: 429, retryAfter },
      });
      const answer = await stack.generate(prompt('later'));
      expect(answer.status).toBe(429);
      expect(answer.headers.get('retry-after')).toBe(retryAfter);
      expect(stack.asked).toBe(1);
    },
  );

  it.each(['PrepaidBillOverdue', 'CommodityNotPurchased', 'AllocationQuota.FreeTierOnly'])(
    'a 429 that only money cures (%s) is not tried again',
    async (code) => {
      const stack = await startStack();
      const answer = await refuseAll(stack, 429, code);
      expect(answer.json.code).toBe(code);
      expect(stack.asked).toBe(1);
    },
  );

  it.each([400, 401, 403, 404, 408])('a %d is passed on at once', async (status) => {
    const stack = await startStack();
    const answer = await refuseAll(stack, status);
    expect(answer.status).toBe(status);
    expect(stack.asked).toBe(1);
    expect(privateHeaders(answer.headers)).toEqual([]);
  });

  it('a 504 is never sent again and is on record as unknown', async () => {
    const stack = await startStack();
    const answer = await refuseAll(stack, 504);
    expect(answer.status).toBe(504);
    expect(stack.asked).toBe(1);
    expect(readPurchases(stack)).toEqual([{ state: 'unknown', status: 504 }]);
  });

  it('an error under status 200 is passed on byte for byte and not stored', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({
      on: 'generation',
      times: 2,
      effect: { kind: 'answer', answer: 'refused' },
    });
    for (const asked of [1, 2]) {
      const answer = await stack.generate(prompt('200 with a code'));
      expect(answer.status).toBe(200);
      const { request_id } = answer.json;
      expect(answer.text).toBe(
        JSON.stringify({ code: 'InvalidParameter', message: 'size is not supported', request_id }),
      );
      expect(answer.headers.get('cache-status')).not.toContain('stored');
      expect(stack.asked).toBe(asked);
    }
    expect(countEntries(stack)).toBe(0);
  });

  it('everyone who waits for one flight gets its refusal', async () => {
    const stack = await startStack({ DASHCACHE_CONCURRENCY: '1' });
    const arrivals = watchArrivals(stack);
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const first = stack.generate(prompt('keeps the only place'));
    await held.waitForHit();
    const refused = prompt('simulate:DataInspectionFailed');
    const answers = Array.from({ length: 20 }, () => stack.generate(refused));
    await arrivals.waitFor(21);
    held.release();
    const done = await Promise.all(answers);
    expect(done.map(({ status }) => status)).toEqual(Array(20).fill(400));
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    expect(done[0]?.json.code).toBe('DataInspectionFailed');
    expect(done.filter(({ headers }) => headers.get('x-cache') === 'COALESCED')).toHaveLength(19);
    expect((await first).status).toBe(200);
    expect(stack.asked).toBe(2);
  });
});

describe('a lost answer', () => {
  it.each([
    ['reset', { kind: 'reset', billed: true }],
    ['cut in its body', { kind: 'cut' }],
  ] as const)('a connection %s is a 424, on record as unknown, and not sent again', async (_, effect) => {
    const stack = await startStack();
    stack.simulator.control.fault({ on: 'generation', effect });
    const answer = await stack.generate(prompt('lost'));
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([424, 'false']);
    expect(answer.json).toEqual({
      code: 'OutcomeUnknown',
      message: expect.stringContaining('not sent again'),
      request_id: answer.headers.get('x-request-id'),
    });
    expect(stack.asked).toBe(1);
    expect(readPurchases(stack)).toEqual([{ state: 'unknown', status: null }]);
    expect(stack.events).toContainEqual(expect.objectContaining({ type: 'outcome-unknown' }));
    expect((await stack.generate(prompt('lost'))).headers.get('x-cache')).toBe('MISS');
  });

  it('a generation beyond its time is a 424, and upstream is left', async () => {
    const stack = await startStack({ DASHCACHE_GENERATION_TIMEOUT: '1s' });
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const answer = await stack.generate(prompt('hanging'));
    expect(answer.status).toBe(424);
    expect(answer.json.code).toBe('OutcomeUnknown');
    await stack.simulator.control.waitFor('aborted', 1);
    expect(stack.asked).toBe(1);
    expect(readPurchases(stack)).toEqual([{ state: 'unknown', status: null }]);
  });

  it('everyone who waits for one flight learns that it is lost', async () => {
    const stack = await startStack();
    const hung = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hang' } });
    const arrivals = watchArrivals(stack);
    const answers = Array.from({ length: 20 }, () => stack.generate(prompt('shared loss')));
    await Promise.all([hung.waitForHit(), arrivals.waitFor(20)]);
    hung.release();
    const done = await Promise.all(answers);
    expect(new Set(done.map(({ status, json }) => `${status} ${json.code}`))).toEqual(
      new Set(['424 OutcomeUnknown']),
    );
    expect(new Set(done.map(({ json }) => json.request_id)).size).toBe(20);
    expect(stack.asked).toBe(1);
  });

  it('an upstream that refuses connections is a 502, on record as failed', async () => {
    const stack = await startStack({
      DASHCACHE_UPSTREAM: `http://127.0.0.1:${await findClosedPort()}`,
      DASHCACHE_RETRY_BUDGET: '0s',
    });
    const answer = await stack.generate(prompt('nobody there'));
    expect(answer.status).toBe(502);
    expect(answer.json.code).toBe('UpstreamUnreachable');
    expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
    expect(readPurchases(stack)).toEqual([{ state: 'failed', status: null }]);
  });
});

describe('a success without a picture', () => {
  it.each(['no_image', 'text_only'] as const)(
    '%s is a clear error that no client retries',
    async (answer) => {
      const stack = await startStack();
      stack.simulator.control.fault({ on: 'generation', effect: { kind: 'answer', answer } });
      const got = await stack.generate(prompt('nothing'));
      expect(got.status).toBe(422);
      expect(got.json.code).toBe('NoImage');
      expect(got.json.message).toContain('no image');
      if (answer === 'text_only') expect(got.json.message).toContain('There is nothing to draw here.');
      expect(privateHeaders(got.headers)).toEqual([]);
      expect(stack.asked).toBe(1);
      expect(countEntries(stack)).toBe(0);
      expect(readPurchases(stack)).toEqual([{ state: 'failed', status: 200 }]);
    },
  );

  it.each(['html', 'truncate'] as const)(
    'a 200 that is no JSON (%s) is passed on and not stored',
    async (kind) => {
      const stack = await startStack();
      stack.simulator.control.fault({ on: 'generation', effect: { kind } });
      const got = await stack.generate(prompt('no JSON'));
      expect(got.status).toBe(200);
      expect(got.headers.get('cache-status')).not.toContain('stored');
      expect(countEntries(stack)).toBe(0);
    },
  );
});

describe('headers of upstream', () => {
  it('what tells about its account or timing reaches nobody, on a miss as little as on a hit', async () => {
    const stack = await startStack();
    const miss = await stack.generate(prompt('headers'));
    const hit = await stack.generate(prompt('headers'));
    const unstored = await stack.generate(prompt('headers'), { 'cache-control': 'no-store' });
    expect(imageUrls(miss)).toHaveLength(1);
    for (const { headers } of [miss, hit, unstored]) expect(privateHeaders(headers)).toEqual([]);
  });

  it('pictures are fetched without the key', async () => {
    const stack = await startStack();
    await stack.generate(prompt('signed'));
    const [download] = stack.simulator.control.recent('image');
    expect(download?.headers).toBeDefined();
    expect(download?.headers).not.toHaveProperty('authorization');
  });
});
