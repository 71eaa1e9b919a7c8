import { expect, it } from 'vitest';
import { watchArrivals } from '../../support/clients/arrivals.ts';
import { body } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const prompt = (text: string) => body(text, SMALL);

it('one generation at a time is under way where the limit is one, and hits never queue', async () => {
  const stack = await startStack({ DASHCACHE_CONCURRENCY: '1' });
  const { control } = stack.simulator;
  await stack.generate(prompt('stored'));
  const arrivals = watchArrivals(stack);
  const holds = [1, 2, 3].map(() => control.fault({ on: 'generation', effect: { kind: 'hold' } }));
  const answers = [1, 2, 3].map((number) => stack.generate(prompt(`queued ${number}`)));
  await arrivals.waitFor(3);
  for (const [index, held] of holds.entries()) {
    await held.waitForHit();
    expect((await stack.generate(prompt('stored'))).headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(index + 2);
    held.release();
  }
  const done = await Promise.all(answers);
  expect(done.map(({ headers }) => headers.get('x-cache'))).toEqual(['MISS', 'MISS', 'MISS']);
});

it('models do not wait for each other', async () => {
  const stack = await startStack({ DASHCACHE_CONCURRENCY: '1' });
  const held = stack.simulator.control.fault({
    on: 'generation',
    model: 'qwen-image-max',
    effect: { kind: 'hold' },
  });
  const waiting = stack.generate(prompt('slow'));
  await held.waitForHit();
  expect((await stack.generate(body('quick', SMALL, 'z-image-turbo'))).status).toBe(200);
  held.release();
  expect((await waiting).status).toBe(200);
});

it('a miss that finds the queue full, or waits too long, is told when to come back', async () => {
  const stack = await startStack({
    DASHCACHE_CONCURRENCY: '1',
    DASHCACHE_MAX_QUEUE: '1',
    DASHCACHE_QUEUE_TIMEOUT: '300ms',
  });
  const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
  const first = stack.generate(prompt('first'));
  await held.waitForHit();
  const others = await Promise.all([stack.generate(prompt('second')), stack.generate(prompt('third'))]);
  for (const { status, json, headers } of others) {
    expect(status).toBe(429);
    expect(json.code).toBe('Throttling.RateQuota');
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  }
  held.release();
  expect((await first).status).toBe(200);
  expect(stack.asked).toBe(1);
});
