import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { body } from '../../support/servers/stack.ts';
import { WorkerStack } from '../../support/servers/worker-stack.ts';

const SMALL = { size: '512*512' };

/** Purchases that wait for their turn. */
async function countWaiting(stack: WorkerStack): Promise<unknown> {
  const database = await stack.worker.getD1Database('DB');
  return await database.prepare("select count(*) as n from purchases where state = 'intended'").first('n');
}

function hold(stack: WorkerStack) {
  return stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
}

describe('owners that share an account', () => {
  let stack: WorkerStack;

  beforeAll(async () => {
    stack = await WorkerStack.start({ DASHCACHE_CONCURRENCY: '2' });
  });
  afterAll(() => stack.close());

  it('have no more at upstream at once than one would, and all are answered', async () => {
    const held = Array.from({ length: 24 }, () => hold(stack));
    const asked = held.map((_, index) => stack.generate(body(`one of many ${index}`, SMALL)));
    await expect.poll(() => countWaiting(stack)).toBe(22);
    for (const [released, fault] of held.entries()) {
      await fault.waitForHit();
      const arrived = held.filter(({ hits }) => hits > 0).length;
      expect(arrived - released).toBeLessThanOrEqual(2);
      fault.release();
    }
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual(held.map(() => 200));
  });

  it('wait for no hit', async () => {
    const wish = body('a hit meanwhile', SMALL);
    await stack.generate(wish);
    const held = [hold(stack), hold(stack)];
    const asked = ['first', 'second', 'third'].map((name) => stack.generate(body(name, SMALL)));
    await expect.poll(() => countWaiting(stack)).toBe(1);
    expect((await stack.generate(wish)).headers.get('x-cache')).toBe('HIT');
    for (const fault of held) fault.release();
    await Promise.all(asked);
  });

  it('leave what they have at upstream counted when all of them and the governor end', async () => {
    const held = [hold(stack), hold(stack)];
    const lost = ['lost', 'lost too'].map((name) => stack.generate(body(name, SMALL)).catch(() => undefined));
    for (const fault of held) await fault.waitForHit();
    await stack.restart();
    await Promise.all(lost);
    const before = stack.simulator.control.counters().asked;
    const waiting = stack.generate(body('after', SMALL)).catch(() => undefined);
    await expect.poll(() => countWaiting(stack)).toBe(1);
    expect(stack.simulator.control.counters().asked).toBe(before);
    for (const fault of held) fault.release();
    await stack.restart();
    await waiting;
  });
});
