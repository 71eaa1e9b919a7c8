import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explore } from './explore.ts';
import { FULL } from './mixes.ts';
import { type Action, planOf } from './plan.ts';
import { Ground } from './world/world.ts';

const LENGTH = 24;
/** As many as take half a minute. `npm run explore -- --schedules 1000000` runs the rest. */
const SCHEDULES = 2_000;

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.open();
});
afterAll(() => ground.close());

async function run(seed: number) {
  const { violation, trace } = await explore(ground, planOf(seed, FULL, LENGTH));
  return { violation: violation?.message, trace };
}

test(`${SCHEDULES} schedules keep every promise`, { timeout: 300_000 }, async () => {
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const { violation } = await run(seed);
    expect(violation, `npm run explore -- --schedules 1 --trace --seed ${seed}`).toBeUndefined();
  }
});

test.each([1, 2, 3])('seed %i gives the same run each time', async (seed) => {
  expect(await run(seed)).toEqual(await run(seed));
});

/** What schedules have found, and must not find again. */
describe('once found', () => {
  const ask = (change: Partial<Extract<Action, { kind: 'ask' }>> = {}): Action => {
    return { kind: 'ask', client: 'own', recipe: 'kite', wish: 'plain', asTask: false, ...change };
  };
  const crash: Action = { kind: 'crash', lastTakesEffect: true };
  const found: readonly (readonly [string, readonly Action[]])[] = [
    [
      'images that are gone for good are asked for all day',
      [{ kind: 'send', fate: 'gone' }, ask(), { kind: 'round' }],
    ],
    [
      'what ended while the database was full is never counted',
      [
        { kind: 'trouble', of: 'database', trouble: 'full', calls: 4 },
        ask({ recipe: 'pair', wish: 'no-store' }),
        ask({ recipe: 'pair' }),
      ],
    ],
    [
      'after a restart, the first take is bought beside the same without a number',
      [ask({ recipe: 'fleet', asTask: true }), crash, ask({ recipe: 'fleet', wish: 'take-1', asTask: true })],
    ],
    [
      'after a restart, a job waits for its key though its account asks for something else',
      [ask({ client: 'guest', recipe: 'fleet', wish: 'take-2' }), crash, ask({ client: 'guest' })],
    ],
  ];

  test.each(found)('%s', async (_, actions) => {
    // How it interleaves is the seed's.
    for (let seed = 1; seed <= 20; seed++) {
      const plan = { seed, maxBytes: undefined, isSlow: true, actions };
      expect((await explore(ground, plan)).violation).toBeUndefined();
    }
  });

  test('a job whose record could not be written is on record with the next poll', async () => {
    const trouble: Action = { kind: 'trouble', of: 'database', trouble: 'failing', calls: 1 };
    const actions = [ask({ recipe: 'fleet' }), trouble, { kind: 'wait', ms: 3_000 } as const, crash];
    let again = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { draws } = await explore(ground, { seed, maxBytes: undefined, isSlow: false, actions });
      again += draws - 1;
    }
    expect(again).toBe(0);
  });
});
