import { describe, expect, it } from 'vitest';
import type { StoreLock } from '../../src/ports/store-lock.ts';
import { createGate } from '../support/fakes/gate.ts';
import { settle } from '../support/fakes/manual-clock.ts';

/** What every store lock promises. `createLocks` makes those of two users of one store, and `pass` lets those who wait look again. */
export function storeLockConformance(
  name: string,
  createLocks: () => Promise<{
    readonly locks: readonly [StoreLock, StoreLock];
    readonly pass: () => Promise<void>;
  }>,
): void {
  describe(`${name}`, () => {
    it('gives back what the work gives, and its error', async () => {
      const { locks } = await createLocks();
      for (const lock of locks) {
        expect(await lock.shared(['a'], async () => 1)).toBe(1);
        await expect(lock.exclusive(['a'], () => Promise.reject(new Error('broken')))).rejects.toThrow(
          'broken',
        );
        await expect(lock.shared(['a'], () => Promise.reject(new Error('too')))).rejects.toThrow('too');
        expect(await lock.exclusive(['a', 'b', 'a'], async (free) => free)).toEqual(['a', 'b', 'a']);
      }
    });

    it('lets publishers of the same bytes in together', async () => {
      const { locks } = await createLocks();
      const gate = createGate();
      const first = locks[0].shared(['a', 'b'], () => gate.opened);
      await locks[1].shared(['b', 'c'], async () => gate.open());
      await first;
    });

    it('gives nothing free that is being published', async () => {
      const { locks, pass } = await createLocks();
      const gate = createGate();
      let isPublishing = true;
      const publishing = locks[0].shared(['a'], async () => {
        await gate.opened;
        isPublishing = false;
      });
      await settle();
      const broken: string[] = [];
      const deleting = locks[1].exclusive(['a', 'b'], async (free) => {
        if (isPublishing) broken.push(...free.filter((digest) => digest === 'a'));
      });
      await settle();
      gate.open();
      await publishing;
      await pass();
      await deleting;
      expect(broken).toEqual([]);
    });

    it('lets nobody publish what is being deleted', async () => {
      const { locks, pass } = await createLocks();
      const gate = createGate();
      const deleting = locks[0].exclusive(['a', 'b'], async (free) => {
        await gate.opened;
        return free;
      });
      await settle();
      let began = false;
      const publishing = locks[1].shared(['b', 'c'], async () => {
        began = true;
      });
      await settle();
      await pass();
      expect(began).toBe(false);
      gate.open();
      expect(await deleting).toEqual(['a', 'b']);
      await pass();
      await publishing;
      expect(began).toBe(true);
    });
  });
}
