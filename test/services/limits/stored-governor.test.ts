import { describe, expect, it } from 'vitest';
import { RemoteGovernor } from '../../../src/adapters/workers/remote-governor.ts';
import type { GovernorObject, Permit } from '../../../src/ports/governor.ts';
import type { GovernorOptions } from '../../../src/services/limits/in-process-governor.ts';
import type { LaneState } from '../../../src/services/limits/lane.ts';
import { StoredGovernor } from '../../../src/services/limits/stored-governor.ts';
import { governorConformance } from '../../conformance/governor.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

const OPTIONS: GovernorOptions = {
  limitsOf: () => ({ concurrency: 1, rate: undefined }),
  maxQueue: 100,
  queueTimeoutMs: 600_000,
  leaseMs: 60_000,
};

/** The objects of the world: one for each name, made anew from what it stored. */
class Objects {
  readonly stored = new Map<string, LaneState>();
  readonly #clock: ManualClock;
  readonly #options: GovernorOptions;
  readonly #live = new Map<string, StoredGovernor>();
  /** Calls from now on that are lost on the way back. */
  answersToLose = 0;

  constructor(clock: ManualClock, options: GovernorOptions = OPTIONS) {
    this.#clock = clock;
    this.#options = options;
  }

  getByName(name: string): GovernorObject {
    let object = this.#live.get(name);
    if (object === undefined) {
      const load = async () => this.stored.get(name);
      const save = async (state: LaneState | undefined) => {
        if (state === undefined) this.stored.delete(name);
        else this.stored.set(name, structuredClone(state));
      };
      object = new StoredGovernor({ clock: this.#clock, load, save }, this.#options);
      this.#live.set(name, object);
    }
    const called = object;
    return {
      acquire: async (...args) => {
        const turn = await called.acquire(...args);
        if (this.answersToLose > 0) {
          this.answersToLose -= 1;
          throw new Error('connection lost');
        }
        return turn;
      },
      release: (...args) => called.release(...args),
    };
  }

  /** The platform drops all objects. */
  drop(): void {
    this.#live.clear();
  }
}

function governorAt(objects: Objects, clock: ManualClock) {
  const pending: Promise<void>[] = [];
  const failures: unknown[] = [];
  const governor = new RemoteGovernor({
    objects,
    clock,
    waitUntil: (work) => pending.push(work),
    onFailure: (cause) => failures.push(cause),
  });
  return { governor, failures };
}

governorConformance('remote governor', (clock, options) => {
  return governorAt(new Objects(clock, options), clock).governor;
});

describe('a governor that several processes ask', () => {
  function start() {
    const clock = new ManualClock();
    const objects = new Objects(clock);
    const permits: Permit[] = [];
    /** From a process of its own. */
    const ask = () => {
      const asked = governorAt(objects, clock).governor.acquire('model', 'a');
      asked.then(
        (permit) => permits.push(permit),
        () => undefined,
      );
      return asked;
    };
    return { clock, objects, permits, ask };
  }

  it('lets in no more of all of them than of one', async () => {
    const { permits, ask } = start();
    const all = Array.from({ length: 24 }, ask);
    for (let begun = 1; begun <= 24; begun += 1) {
      await settle();
      expect(permits.length).toBe(begun);
      permits[begun - 1]?.release('accepted');
    }
    await Promise.all(all);
  });

  it('remembers its permits when the platform drops it', async () => {
    const { clock, objects, permits, ask } = start();
    ask();
    await settle();
    objects.drop();
    ask();
    await settle();
    expect(permits.length).toBe(1);
    await clock.advance(60_000);
    expect(permits.length).toBe(2);
    permits[1]?.release('failed');
    await settle();
    expect(objects.stored.size).toBe(0);
  });

  it('gives a permit once to who asks again since the answer was lost', async () => {
    const { clock, objects, permits, ask } = start();
    objects.answersToLose = 1;
    ask();
    await clock.advance(1_000);
    expect(permits.length).toBe(1);
    permits[0]?.release('accepted');
    ask();
    await settle();
    expect(permits.length).toBe(2);
  });

  it('is overloaded for who cannot reach it, and holds nothing for it', async () => {
    const { clock, objects, permits, ask } = start();
    objects.answersToLose = 4;
    const refused = expect(ask()).rejects.toMatchObject({ code: 'overloaded' });
    await clock.advance(10_000);
    await refused;
    ask();
    await settle();
    expect(permits.length).toBe(1);
  });

  it('passes the turn of a process that has gone on to the next', async () => {
    const { objects, permits, ask } = start();
    ask();
    await settle();
    let isGone = false;
    const moved = () => {
      if (isGone) throw new Error('the caller is gone');
    };
    const gone = objects.getByName('a\nmodel').acquire('gone', 'model', moved);
    await settle();
    ask();
    await settle();
    isGone = true;
    permits[0]?.release('accepted');
    await gone;
    await settle();
    expect(permits.length).toBe(2);
  });

  it('lets one who gave up while it could not reach the governor hold nothing', async () => {
    const { clock, objects, permits, ask } = start();
    objects.answersToLose = 1;
    const line = new AbortController();
    const given = governorAt(objects, clock).governor.acquire('model', 'a', () => {}, line.signal);
    await settle();
    line.abort(new Error('hung up'));
    await expect(given).rejects.toThrow('hung up');
    await clock.advance(10_000);
    ask();
    await settle();
    expect([permits.length, clock.sleeping]).toEqual([1, 0]);
  });
});
