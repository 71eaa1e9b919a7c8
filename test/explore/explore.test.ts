import { afterAll, beforeAll, expect, test } from 'vitest';
import { explore } from './explore.ts';
import { CALM, FULL } from './mixes.ts';
import { type Mix, planOf } from './plan.ts';
import { Ground } from './world/world.ts';

const LENGTH = 24;
/** As many as take a few seconds. `npm run explore -- --mix calm --schedules 1000000` runs the rest. */
const SCHEDULES = 300;

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.open();
});
afterAll(() => ground.close());

async function run(mix: Mix, seed: number) {
  const { violation, trace } = await explore(ground, planOf(seed, mix, LENGTH));
  return { violation: violation?.message, trace };
}

test(`${SCHEDULES} schedules of a calm world keep every promise`, { timeout: 120_000 }, async () => {
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const { violation } = await run(CALM, seed);
    expect(violation, `npm run explore -- --mix calm --schedules 1 --seed ${seed}`).toBeUndefined();
  }
});

test.each([1, 2, 3])('seed %i gives the same run each time', async (seed) => {
  expect(await run(FULL, seed)).toEqual(await run(FULL, seed));
});
