import { expect, it } from 'vitest';
import { Pacer } from '../../../src/services/limits/pacer.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

/** When each of so many turns came, in ms from the start. */
async function turns(pacer: Pacer, clock: ManualClock, name: string, count: number): Promise<number[]> {
  const start = clock.now();
  const at: number[] = [];
  const all = Array.from({ length: count }, async () => {
    await pacer.turn(name);
    at.push(clock.now() - start);
  });
  await clock.advance(10_000);
  await Promise.all(all);
  return at;
}

it('turns of one name come at an even pace, the first at once', async () => {
  const clock = new ManualClock();
  expect(await turns(new Pacer(clock, 4), clock, 'a', 5)).toEqual([0, 250, 500, 750, 1000]);
});

it('names do not wait for each other', async () => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 1);
  await pacer.turn('a');
  await pacer.turn('b');
  expect(clock.sleeping).toBe(0);
});

it('time without turns saves none up', async () => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 2);
  await pacer.turn('a');
  await clock.advance(60_000);
  expect(await turns(pacer, clock, 'a', 3)).toEqual([0, 500, 1000]);
});

it('a turn that would come too late is refused, and takes none', async () => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 1);
  await pacer.turn('a');
  const late = { maxWaitMs: 999 };
  await expect(pacer.turn('a', late)).rejects.toMatchObject({ code: 'paced_out', retryAfterMs: 1000 });
  await clock.advance(1);
  const turn = pacer.turn('a', late);
  await clock.advance(999);
  await turn;
});

it('keeps its pace when the wall clock is set back', async () => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 1);
  await pacer.turn('a');
  clock.jump(-8 * 60 * 60 * 1000);
  let came = false;
  const turn = pacer.turn('a').then(() => {
    came = true;
  });
  await clock.advance(1_000);
  await turn;
  expect(came).toBe(true);
});
