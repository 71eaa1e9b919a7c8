import { describe, expect, it } from 'vitest';
import { FlightsInAlarm } from '../../../src/adapters/flight/in-alarm.ts';
import { flightCoordinatorConformance } from '../../conformance/flight-coordinator.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

const nothingLeft = async () => {};

flightCoordinatorConformance('FlightsInAlarm', () => {
  const flights: FlightsInAlarm<string> = new FlightsInAlarm(
    new ManualClock(),
    async () => {
      void Promise.resolve().then(() => flights.ring());
    },
    nothingLeft,
  );
  return flights;
});

describe('FlightsInAlarm', () => {
  it('begins nothing before its alarm, and one alarm lasts for whatever is asked for meanwhile', async () => {
    const begun: string[] = [];
    const gate = createGate<void>();
    let alarms = 0;
    const flights = new FlightsInAlarm<string>(
      new ManualClock(),
      async () => {
        alarms += 1;
      },
      nothingLeft,
    );
    const work = (name: string) => async () => {
      begun.push(name);
      await gate.opened;
      return name;
    };
    const first = flights.run('a', work('a'));
    await Promise.resolve();
    expect([begun, alarms]).toEqual([[], 1]);
    const alarm = flights.ring();
    const second = flights.run('b', work('b'));
    await settle();
    expect([...begun].sort()).toEqual(['a', 'b']);
    expect(alarms).toBe(1);
    gate.open();
    expect((await Promise.all([first, second])).map(({ value }) => value)).toEqual(['a', 'b']);
    await alarm;
    expect(flights.size).toBe(0);
    void flights.run('c', work('c'));
    await settle();
    expect([begun.length, alarms]).toEqual([2, 2]);
  });

  it('lasts for what begins the moment that a flight lands', async () => {
    const flights = new FlightsInAlarm<string>(new ManualClock(), async () => {}, nothingLeft);
    const gate = createGate<string>();
    const again = createGate<string>();
    const first = flights.run('a', () => gate.opened);
    const second = first.then(() => flights.run('b', () => again.opened));
    let isOver = false;
    const alarm = flights.ring().then(() => {
      isOver = true;
    });
    gate.open('a');
    await settle();
    expect([flights.size, isOver]).toEqual([1, false]);
    again.open('b');
    await second;
    await alarm;
  });

  it('goes on in another alarm before the platform gives up on this one', async () => {
    const clock = new ManualClock();
    let alarms = 0;
    const flights = new FlightsInAlarm<string>(
      clock,
      async () => {
        alarms += 1;
      },
      nothingLeft,
    );
    const gate = createGate<string>();
    const slow = flights.run('slow', () => gate.opened);
    const first = flights.ring();
    await clock.advance(10 * 60 * 1000);
    await first;
    expect([flights.size, alarms]).toEqual([1, 2]);
    const second = flights.ring();
    gate.open('at last');
    expect((await slow).value).toBe('at last');
    await second;
    expect([flights.size, alarms, clock.sleeping]).toEqual([0, 2, 0]);
  });

  it('begins nothing a second time when its alarm is repeated after a crash', async () => {
    const setAlarm = async () => {};
    let begun = 0;
    const flights = new FlightsInAlarm<string>(new ManualClock(), setAlarm, nothingLeft);
    const gate = createGate<string>();
    void flights.run('a', () => {
      begun += 1;
      return gate.opened;
    });
    void flights.ring();
    await settle();
    // The object is made anew; the platform repeats the alarm.
    await new FlightsInAlarm<string>(new ManualClock(), setAlarm, nothingLeft).ring();
    expect(begun).toBe(1);
  });

  it('begins nothing when its alarm cannot be set, then or later', async () => {
    const flights = new FlightsInAlarm<string>(
      new ManualClock(),
      () => Promise.reject(new Error('no alarm')),
      nothingLeft,
    );
    const never = () => Promise.reject(new Error('it began'));
    await expect(flights.run('a', never)).rejects.toThrow('no alarm');
    await flights.ring();
    expect(flights.size).toBe(0);
  });

  it('takes up what is left of its recipe once, and lets nobody on before', async () => {
    const recipe = { site: 'cn', scope: 'shared', key: 'k1:0' };
    let [asked, isBroken] = [0, true];
    const flights = new FlightsInAlarm<string>(
      new ManualClock(),
      async () => {},
      async () => {
        asked += 1;
        if (isBroken) throw new Error('the store is away');
      },
    );
    await expect(flights.ensureOwner(recipe)).rejects.toThrow('the store is away');
    isBroken = false;
    await Promise.all([flights.ensureOwner(recipe), flights.ensureOwner(recipe)]);
    await flights.ensureOwner(recipe);
    expect(asked).toBe(2);
  });

  it('takes up each recipe that is asked for once, whichever came first', async () => {
    const taken: string[] = [];
    const flights = new FlightsInAlarm<string>(
      new ManualClock(),
      async () => {},
      async ({ key }) => {
        taken.push(key);
      },
    );
    const recipe = (key: string) => ({ site: 's', scope: 'c', key, canonical: '{}' });
    for (const key of ['stray', 'own', 'own', 'stray']) await flights.ensureOwner(recipe(key));
    expect(taken).toEqual(['stray', 'own']);
  });
});
