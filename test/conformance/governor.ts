import { describe, expect, it } from 'vitest';
import type { Governor, Permit } from '../../src/ports/governor.ts';
import type { GovernorOptions } from '../../src/services/limits/in-process-governor.ts';
import { ManualClock, settle } from '../support/fakes/manual-clock.ts';

const LEASE_MS = 60_000;
const OPTIONS: GovernorOptions = {
  limitsOf: () => ({ concurrency: 1, rate: undefined }),
  maxQueue: 100,
  queueTimeoutMs: 10_000,
  leaseMs: LEASE_MS,
};

/** What every governor promises, also to several processes that share it. */
export function governorConformance(
  name: string,
  createGovernor: (clock: ManualClock, options: GovernorOptions) => Governor,
): void {
  const start = (options: Partial<GovernorOptions> = {}) => {
    const clock = new ManualClock();
    const governor = createGovernor(clock, { ...OPTIONS, ...options });
    const permits: Permit[] = [];
    const positions: number[] = [];
    const ask = (account = 'a', model = 'model', signal?: AbortSignal) => {
      const moved = (position: number) => positions.push(position);
      const asked = governor.acquire(model, account, moved, signal).then((permit) => permits.push(permit));
      asked.catch(() => undefined);
      return { asked };
    };
    return { clock, governor, permits, positions, ask };
  };
  const overloaded = { code: 'overloaded' };

  describe(`${name}: turns`, () => {
    it('come in order, as many at once as allowed, and each place in the queue is told', async () => {
      const { permits, positions, governor, ask } = start();
      for (let count = 0; count < 3; count += 1) ask();
      await settle();
      expect([permits.length, governor.queued, positions]).toEqual([1, 2, [1, 2]]);
      permits[0]?.release('accepted');
      await settle();
      expect([permits.length, governor.queued, positions]).toEqual([2, 1, [1, 2, 1]]);
      permits[1]?.release('accepted');
      await settle();
      expect([permits.length, governor.queued]).toEqual([3, 0]);
    });

    it('are counted per model and account', async () => {
      const { permits, ask } = start();
      ask('a', 'one');
      ask('b', 'one');
      ask('a', 'other');
      ask('a', 'one');
      await settle();
      expect(permits.length).toBe(3);
    });

    it('are fewer after a 429', async () => {
      const { permits, ask } = start({ limitsOf: () => ({ concurrency: 2, rate: undefined }) });
      ask();
      await settle();
      permits[0]?.release('throttled');
      await settle();
      ask();
      ask();
      await settle();
      expect(permits.length).toBe(2);
    });

    it('begin within the rate', async () => {
      const rate = { count: 2, windowMs: 1_000 };
      const { clock, permits, ask } = start({ limitsOf: () => ({ concurrency: 9, rate }) });
      for (let count = 0; count < 5; count += 1) ask();
      await settle();
      expect(permits.length).toBe(2);
      await clock.advance(999);
      expect(permits.length).toBe(2);
      await clock.advance(1);
      expect(permits.length).toBe(4);
      await clock.advance(1_000);
      expect(permits.length).toBe(5);
    });
  });

  describe(`${name}: no turn`, () => {
    it('comes within the time allowed', async () => {
      const { clock, governor, ask } = start();
      ask();
      const { asked } = ask();
      await clock.advance(10_000);
      await expect(asked).rejects.toMatchObject({ ...overloaded, retryAfterMs: 10_000 });
      await settle();
      expect(governor.queued).toBe(0);
    });

    it('comes when the queue is full', async () => {
      const { ask } = start({ maxQueue: 1 });
      ask();
      ask();
      await settle();
      await expect(ask().asked).rejects.toMatchObject(overloaded);
    });

    it('is waited for by who gives up, and none is lost', async () => {
      const { permits, governor, ask } = start();
      ask();
      const line = new AbortController();
      const { asked } = ask('a', 'model', line.signal);
      ask();
      await settle();
      line.abort(new Error('hung up'));
      await expect(asked).rejects.toThrow('hung up');
      await settle();
      expect(governor.queued).toBe(1);
      permits[0]?.release('failed');
      await settle();
      expect([permits.length, governor.queued]).toEqual([2, 0]);
    });

    it('is asked for by who gave up before', async () => {
      const { ask } = start();
      await expect(ask('a', 'model', AbortSignal.abort(new Error('gone'))).asked).rejects.toThrow('gone');
      const { asked } = ask();
      expect(await asked).toBe(1);
    });
  });

  it(`${name}: a permit that nobody gives back ends by itself, and giving it back late takes nobody’s`, async () => {
    const { clock, permits, ask } = start({ queueTimeoutMs: 10 * LEASE_MS });
    for (let count = 0; count < 3; count += 1) ask();
    await clock.advance(LEASE_MS - 1);
    expect(permits.length).toBe(1);
    await clock.advance(1);
    expect(permits.length).toBe(2);
    permits[0]?.release('accepted');
    await settle();
    expect(permits.length).toBe(2);
    permits[1]?.release('accepted');
    await settle();
    expect(permits.length).toBe(3);
  });
}
