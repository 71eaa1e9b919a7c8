import { expect, it } from 'vitest';
import { RateWindow } from '../../../src/services/access/rate-window.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

it('holds each caller to the limit until its window ends', async () => {
  const clock = new ManualClock();
  const window = new RateWindow(clock, { limit: 2, windowMs: 1_000 });
  window.count('a');
  await clock.advance(400);
  expect(window.waitMs('a')).toBeUndefined();
  window.count('a');
  expect(window.waitMs('a')).toBe(600);
  expect(window.waitMs('b')).toBeUndefined();
  await clock.advance(599);
  expect(window.waitMs('a')).toBe(1);
  await clock.advance(1);
  expect(window.waitMs('a')).toBeUndefined();
  window.count('a');
  expect(window.waitMs('a')).toBeUndefined();
});
