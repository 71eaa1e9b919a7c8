import { describe, expect, it } from 'vitest';
import { type RetryPolicy, retry } from '../../../src/services/limits/retry.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

/** Tries again after a second for each try made, at most `tries` times in all. */
function atMost(tries: number): RetryPolicy<string> {
  return {
    waitAfter: (outcome, tried) =>
      outcome.status === 'fulfilled' || tried.tries >= tries ? undefined : tried.tries * 1_000,
  };
}

describe('retry', () => {
  it('gives the first outcome that stands, after the waits that the policy asks for', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const started = clock.now();
    const result = retry(clock, atMost(5), async (tries) => {
      at.push(clock.now() - started);
      if (tries < 3) throw new Error(`try ${tries}`);
      return `try ${tries}`;
    });
    await clock.advance(3_000);
    expect(await result).toBe('try 3');
    expect(at).toEqual([0, 1_000, 3_000]);
  });

  it('rejects with the last failure when the policy gives up', async () => {
    const clock = new ManualClock();
    const result = retry(clock, atMost(2), async (tries) => {
      throw new Error(`try ${tries}`);
    });
    const failure = expect(result).rejects.toThrow('try 2');
    await clock.advance(1_000);
    await failure;
  });

  it('lets the policy refuse a value, and tells it the time since the first try ended', async () => {
    const clock = new ManualClock();
    const told: number[] = [];
    const result = retry(
      clock,
      {
        waitAfter: (outcome, { elapsedMs }) => {
          told.push(elapsedMs);
          return outcome.status === 'fulfilled' && outcome.value === 'busy' ? 500 : undefined;
        },
      },
      async (tries) => {
        await clock.sleep(100);
        return tries < 3 ? 'busy' : 'done';
      },
    );
    await clock.advance(2_000);
    expect(await result).toBe('done');
    expect(told).toEqual([0, 600, 1_200]);
  });

  it('stops waiting when its signal aborts, with that reason', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    let tries = 0;
    const result = retry(clock, { ...atMost(9), signal: stop.signal }, async () => {
      tries += 1;
      throw new Error('again');
    });
    const stopped = expect(result).rejects.toThrow('enough');
    await settle();
    stop.abort(new Error('enough'));
    await stopped;
    expect(tries).toBe(1);
  });
});
