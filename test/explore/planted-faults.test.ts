import { afterAll, beforeAll, expect, test } from 'vitest';
import { explore } from './explore.ts';
import { FULL } from './mixes.ts';
import { planOf } from './plan.ts';
import { PLANTED_FAULTS } from './planted-faults.ts';
import { Ground } from './world/world.ts';

/** Each is found within a few dozen. */
const SCHEDULES = 600;

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.open();
});
afterAll(() => ground.close());

test.each(PLANTED_FAULTS)('finds that $name', { timeout: 120_000 }, async ({ breaks, assemble }) => {
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const { violation } = await explore(ground, planOf(seed, FULL, 24), assemble);
    if (violation === undefined) continue;
    expect(breaks, violation.message).toContain(violation.invariant);
    return;
  }
  expect.fail(`not found in ${SCHEDULES} schedules`);
});
