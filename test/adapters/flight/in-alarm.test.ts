import { describe, expect, it } from 'vitest';
import { FlightsInAlarm } from '../../../src/adapters/flight/in-alarm.ts';
import { flightCoordinatorConformance } from '../../conformance/flight-coordinator.ts';
import { createGate } from '../../support/gate.ts';
import { settle } from '../../support/manual-clock.ts';

flightCoordinatorConformance('FlightsInAlarm', () => {
  const flights: FlightsInAlarm<string> = new FlightsInAlarm(async () => {
    void Promise.resolve().then(() => flights.ring());
  });
  return flights;
});

describe('FlightsInAlarm', () => {
  it('begins nothing before its alarm, and one alarm lasts for whatever is asked for meanwhile', async () => {
    const begun: string[] = [];
    const gate = createGate<void>();
    let alarms = 0;
    const flights = new FlightsInAlarm<string>(async () => {
      alarms += 1;
    });
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

  it('begins nothing when its alarm cannot be set, then or later', async () => {
    const flights = new FlightsInAlarm<string>(() => Promise.reject(new Error('no alarm')));
    const never = () => Promise.reject(new Error('it began'));
    await expect(flights.run('a', never)).rejects.toThrow('no alarm');
    await flights.ring();
    expect(flights.size).toBe(0);
  });
});
