import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InProcessStoreLock } from '../../../src/services/blobs/in-process-store-lock.ts';
import { storeLockConformance } from '../../conformance/store-lock.ts';
import { createGate, type Gate } from '../../support/fakes/gate.ts';
import { settle } from '../../support/fakes/manual-clock.ts';

interface Visitor {
  readonly alone: boolean;
  readonly leave: Gate;
}

storeLockConformance('in-process store lock', async () => {
  const lock = new InProcessStoreLock();
  return { locks: [lock, lock], pass: settle };
});

it('gives back what the work gives, and its error', async () => {
  const lock = new InProcessStoreLock();
  expect(await lock.shared([], async () => 1)).toBe(1);
  await expect(lock.exclusive([], () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(lock.shared([], () => Promise.reject(new Error('broken too')))).rejects.toThrow('broken too');
  expect(await lock.exclusive([], async () => 2)).toBe(2);
});

it('leaves nobody outside when the work throws instead of rejecting', async () => {
  const lock = new InProcessStoreLock();
  const thrown = lock.exclusive([], () => {
    throw new Error('at once');
  });
  await expect(thrown).rejects.toThrow('at once');
  expect(await lock.exclusive([], async () => 1)).toBe(1);
});

it('does what a queue of readers and one writer does, whatever the order', async () => {
  const step = fc.oneof(fc.constant('shared' as const), fc.constant('exclusive' as const), fc.nat(9));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const lock = new InProcessStoreLock();
      const inside: Visitor[] = [];
      // The model: those inside, and those who wait in their order.
      let modelInside: Visitor[] = [];
      const modelWaiting: Visitor[] = [];
      const admit = () => {
        for (let next = modelWaiting[0]; next !== undefined; next = modelWaiting[0]) {
          if (modelInside.some(({ alone }) => alone) || (next.alone && modelInside.length > 0)) return;
          modelWaiting.shift();
          modelInside.push(next);
        }
      };
      const runs: Promise<void>[] = [];
      const leave = async (visitor: Visitor | undefined) => {
        if (visitor === undefined) return;
        visitor.leave.open();
        await settle();
        modelInside = modelInside.filter((other) => other !== visitor);
        admit();
      };
      for (const next of steps) {
        if (typeof next === 'number') {
          await leave(inside[next % Math.max(1, inside.length)]);
        } else {
          const visitor = { alone: next === 'exclusive', leave: createGate() };
          const run = lock[next]([], async () => {
            inside.push(visitor);
            await visitor.leave.opened;
            inside.splice(inside.indexOf(visitor), 1);
          });
          runs.push(run);
          await settle();
          modelWaiting.push(visitor);
          admit();
        }
        expect(inside).toEqual(modelInside);
      }
      while (inside.length > 0) await leave(inside[0]);
      await Promise.all(runs);
      expect(modelWaiting).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
