import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permit } from '../../../src/ports/governor.ts';
import { type GovernorOptions, InProcessGovernor } from '../../../src/services/limits/in-process-governor.ts';
import { governorConformance } from '../../conformance/governor.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

interface Limits {
  readonly concurrency?: number;
  readonly perMinute?: number;
}

function governorOf(
  clock: ManualClock,
  limits: Limits,
  options: Partial<GovernorOptions> = {},
): InProcessGovernor {
  const { concurrency = 1, perMinute } = limits;
  return new InProcessGovernor(clock, {
    limitsOf: () => ({
      concurrency,
      rate: perMinute === undefined ? undefined : { count: perMinute, windowMs: 60_000 },
    }),
    leaseMs: 600_000,
    maxQueue: 100,
    queueTimeoutMs: 10_000,
    ...options,
  });
}

/** Asks for turns and keeps who got one, in order. */
class Callers {
  readonly admitted: number[] = [];
  readonly refused: number[] = [];
  readonly permits = new Map<number, Permit>();
  readonly startedAt: number[] = [];
  readonly #governor: InProcessGovernor;
  readonly #clock: ManualClock;
  #last = 0;

  constructor(governor: InProcessGovernor, clock: ManualClock) {
    this.#governor = governor;
    this.#clock = clock;
  }

  async ask(count = 1, account = 'a'): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      this.#last += 1;
      const caller = this.#last;
      this.#governor.acquire('model', account).then(
        (permit) => {
          this.admitted.push(caller);
          this.permits.set(caller, permit);
          this.startedAt.push(this.#clock.now());
        },
        () => this.refused.push(caller),
      );
    }
    await settle();
  }

  async release(caller: number, outcome: 'accepted' | 'throttled' | 'failed' = 'accepted'): Promise<void> {
    const permit = this.permits.get(caller);
    if (permit === undefined) throw new Error(`${caller} holds no permit`);
    this.permits.delete(caller);
    permit.release(outcome);
    await settle();
  }
}

governorConformance('in-process governor', (clock, options) => new InProcessGovernor(clock, options));

function start(limits: Limits, options?: Partial<GovernorOptions>) {
  const clock = new ManualClock();
  const governor = governorOf(clock, limits, options);
  return { clock, governor, callers: new Callers(governor, clock) };
}

describe('concurrency', () => {
  it('lets in as many as allowed, and the others in their order', async () => {
    const { callers, governor } = start({ concurrency: 2 });
    await callers.ask(5);
    expect(callers.admitted).toEqual([1, 2]);
    expect(governor.queued).toBe(3);
    await callers.release(2);
    expect(callers.admitted).toEqual([1, 2, 3]);
    await callers.release(1);
    await callers.release(3);
    expect(callers.admitted).toEqual([1, 2, 3, 4, 5]);
    expect(governor.queued).toBe(0);
  });

  it('is counted per account', async () => {
    const { callers } = start({ concurrency: 1 });
    await callers.ask(2, 'a');
    await callers.ask(1, 'b');
    expect(callers.admitted).toEqual([1, 3]);
  });

  it('counts a permit that is given back twice once', async () => {
    const { governor, callers } = start({ concurrency: 1 });
    const permit = await governor.acquire('model', 'a');
    permit.release('accepted');
    permit.release('accepted');
    await callers.ask(2);
    expect(callers.admitted).toEqual([1]);
  });
});

describe('adaptation', () => {
  /** How many are let in at once now. */
  async function width(callers: Callers): Promise<number> {
    const held = callers.permits.size;
    if (held > 0) throw new Error('release all first');
    await callers.ask(20);
    const admitted = callers.permits.size;
    while (callers.permits.size > 0) {
      for (const caller of [...callers.permits.keys()]) await callers.release(caller, 'failed');
    }
    return admitted;
  }

  it('halves what is allowed on a 429, down to one', async () => {
    const { callers } = start({ concurrency: 8 });
    const widths: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      widths.push(await width(callers));
      await callers.ask();
      await callers.release(callers.admitted.at(-1) ?? 0, 'throttled');
    }
    expect(widths).toEqual([8, 4, 2, 1, 1]);
  });

  it('allows one more after a round of successes, up to the limit', async () => {
    const { callers } = start({ concurrency: 3 });
    for (let time = 0; time < 2; time += 1) {
      await callers.ask();
      await callers.release(callers.admitted.at(-1) ?? 0, 'throttled');
    }
    expect(await width(callers)).toBe(1);
    const widths: number[] = [];
    for (let time = 0; time < 8; time += 1) {
      await callers.ask();
      await callers.release(callers.admitted.at(-1) ?? 0, 'accepted');
      widths.push(await width(callers));
    }
    expect(widths[0]).toBe(2);
    expect(widths).toEqual([...widths].sort((a, b) => a - b));
    expect(widths.at(-1)).toBe(3);
  });

  it('does not learn from failures', async () => {
    const { callers } = start({ concurrency: 2 });
    await callers.ask();
    await callers.release(1, 'failed');
    expect(await width(callers)).toBe(2);
  });
});

describe('waiting', () => {
  it('ends with overloaded after its time, and the slot is not lost', async () => {
    const { clock, governor, callers } = start({ concurrency: 1 });
    await callers.ask();
    const late = governor.acquire('model', 'a');
    const refusal = expect(late).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 10_000 });
    await clock.advance(10_000);
    await refusal;
    expect(governor.queued).toBe(0);
    await callers.release(1);
    await callers.ask();
    expect(callers.admitted).toEqual([1, 2]);
  });

  it('is not cut short for one who was let in just before', async () => {
    const { clock, callers } = start({ concurrency: 1 });
    await callers.ask(2);
    await clock.advance(9_999);
    await callers.release(1);
    await clock.advance(1);
    expect(callers).toMatchObject({ admitted: [1, 2], refused: [] });
  });

  it('lets those behind one who gave up move on', async () => {
    const { clock, callers } = start({ concurrency: 1 });
    await callers.ask(2);
    await clock.advance(5_000);
    await callers.ask();
    await clock.advance(5_000);
    expect(callers.refused).toEqual([2]);
    await callers.release(1);
    expect(callers.admitted).toEqual([1, 3]);
  });

  it('is refused at once when too many wait, whatever they wait for', async () => {
    const { governor, callers } = start({ concurrency: 1 }, { maxQueue: 2 });
    await callers.ask(2, 'a');
    await callers.ask(2, 'b');
    await expect(governor.acquire('model', 'a')).rejects.toMatchObject({ code: 'overloaded' });
    expect(governor.queued).toBe(2);
  });

  it('leaves no timer behind', async () => {
    const { clock, callers } = start({ concurrency: 1 });
    await callers.ask(3);
    await callers.release(1);
    await callers.release(2);
    await callers.release(3);
    expect(clock.sleeping).toBe(0);
  });

  it('for the rate leaves no timer behind when everybody gave up', async () => {
    const { clock, callers } = start({ concurrency: 9, perMinute: 1 });
    await callers.ask(3);
    await clock.advance(10_000);
    expect(callers.refused).toEqual([2, 3]);
    expect(clock.sleeping).toBe(0);
  });
});

describe('the rate', () => {
  it('bounds what begins within any 60 seconds, and wakes the next when the window has moved on', async () => {
    const { clock, callers } = start({ concurrency: 9, perMinute: 2 }, { queueTimeoutMs: 300_000 });
    const began = clock.now();
    await callers.ask();
    await clock.advance(20_000);
    await callers.ask(4);
    expect(callers.admitted).toEqual([1, 2]);
    await clock.advance(39_999);
    expect(callers.admitted).toEqual([1, 2]);
    await clock.advance(1);
    expect(callers.admitted).toEqual([1, 2, 3]);
    await clock.advance(60_000);
    expect(callers.startedAt.map((at) => at - began)).toEqual([0, 20_000, 60_000, 80_000, 120_000]);
  });

  it('counts what has ended too, for the full time', async () => {
    const { clock, callers } = start({ concurrency: 9, perMinute: 1 });
    await callers.ask();
    await callers.release(1);
    await clock.advance(59_999);
    await callers.ask();
    expect(callers.admitted).toEqual([1]);
    await clock.advance(1);
    expect(callers.admitted).toEqual([1, 2]);
  });

  it('lets nobody past those who wait, in the very moment that the window moves on', async () => {
    const { clock, callers } = start({ concurrency: 9, perMinute: 1 }, { queueTimeoutMs: 300_000 });
    const newcomer = clock.sleep(60_000).then(() => callers.ask());
    await callers.ask(2);
    await clock.advance(60_000);
    await newcomer;
    expect(callers.admitted).toEqual([1, 2]);
  });
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('ask' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant('release' as const),
    which: fc.nat(20),
    outcome: fc.constantFrom('accepted', 'throttled', 'failed'),
  }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 30_000 }) }),
);

describe('whatever happens', () => {
  it('nobody is let in beyond the limits or out of turn, and no slot is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
        fc.array(step, { maxLength: 40 }),
        async (concurrency, perMinute, steps) => {
          const limits = perMinute === undefined ? { concurrency } : { concurrency, perMinute };
          const { clock, governor, callers } = start(limits, { maxQueue: 6 });
          for (const next of steps) {
            if (next.kind === 'ask') await callers.ask(next.count);
            else if (next.kind === 'advance') await clock.advance(next.ms);
            else {
              const holders = [...callers.permits.keys()];
              const holder = holders[next.which % Math.max(1, holders.length)];
              if (holder !== undefined) await callers.release(holder, next.outcome);
            }
            expect(callers.permits.size).toBeLessThanOrEqual(concurrency);
            expect(governor.queued).toBeLessThanOrEqual(6);
            expect(callers.admitted).toEqual([...callers.admitted].sort((a, b) => a - b));
            const { startedAt } = callers;
            for (const [index, at] of startedAt.entries()) {
              const before = perMinute === undefined ? undefined : startedAt[index - perMinute];
              if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(60_000);
            }
          }
          for (const holder of callers.permits.keys()) await callers.release(holder, 'failed');
          await clock.advance(70_000);
          for (const holder of callers.permits.keys()) await callers.release(holder, 'failed');
          await clock.advance(70_000);
          expect(governor.queued).toBe(0);
          const before = callers.admitted.length;
          await callers.ask();
          expect(callers.admitted.length).toBe(before + 1);
          await callers.release(callers.admitted.at(-1) ?? 0, 'failed');
          expect(clock.sleeping).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
