import { expect, it } from 'vitest';
import { DeadlineError, withDeadline } from '../../../src/services/limits/deadline.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

const clock = new ManualClock();

it('gives the result of work that is done in time, and stops its timer', async () => {
  const gate = createGate<string>();
  let seen: AbortSignal | undefined;
  const result = withDeadline(clock, 1_000, (signal) => {
    seen = signal;
    return gate.opened;
  });
  await clock.advance(999);
  gate.open('done');
  expect(await result).toBe('done');
  expect(clock.sleeping).toBe(0);
  await clock.advance(10_000);
  expect(seen?.aborted).toBe(false);
});

it('aborts the work with a DeadlineError when the time is over', async () => {
  const result = withDeadline(clock, 1_000, (signal) => clock.sleep(60_000, signal));
  const failure = expect(result).rejects.toBeInstanceOf(DeadlineError);
  await clock.advance(1_000);
  await failure;
  expect(clock.sleeping).toBe(0);
});

it('passes the failure of the work on, thrown or rejected, and stops its timer', async () => {
  const failure = new Error('broken');
  await expect(withDeadline(clock, 1_000, () => Promise.reject(failure))).rejects.toBe(failure);
  const thrown = withDeadline(clock, 1_000, () => {
    throw failure;
  });
  await expect(thrown).rejects.toBe(failure);
  expect(clock.sleeping).toBe(0);
});
