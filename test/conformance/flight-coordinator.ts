import { describe, expect, it } from 'vitest';
import type { FlightCoordinator } from '../../src/ports/flight-coordinator.ts';
import { createGate } from '../support/fakes/gate.ts';
import { settle } from '../support/fakes/manual-clock.ts';

/** What every flight coordinator promises. */
export function flightCoordinatorConformance(
  name: string,
  createFlights: () => FlightCoordinator<string>,
): void {
  const failing = async () => {
    throw new Error('crashed');
  };
  const never = async () => {
    throw new Error('this work must not run');
  };

  describe(`${name}: joining`, () => {
    it('gives the run’s value to all who come meanwhile, and runs once', async () => {
      const flights = createFlights();
      const gate = createGate<string>();
      const leader = flights.run('a', () => gate.opened);
      const followers = [flights.run('a', never), flights.run('a', never)];
      gate.open('picture');
      expect(await leader).toEqual({ value: 'picture', collapsed: false });
      expect(await Promise.all(followers)).toEqual([1, 2].map(() => ({ value: 'picture', collapsed: true })));
    });

    it('gives the run’s failure to all who come meanwhile', async () => {
      const flights = createFlights();
      const gate = createGate();
      const leader = flights.run('a', async () => {
        await gate.opened;
        throw new Error('crashed');
      });
      const all = [leader, flights.run('a', never), flights.run('a', never)];
      gate.open();
      for (const run of await Promise.allSettled(all)) {
        expect(run).toMatchObject({ status: 'rejected', reason: { message: 'crashed' } });
      }
    });

    it('keeps keys apart', async () => {
      const flights = createFlights();
      const gate = createGate<string>();
      const held = flights.run('a', () => gate.opened);
      expect(await flights.run('b', async () => 'other')).toEqual({ value: 'other', collapsed: false });
      gate.open('first');
      expect((await held).value).toBe('first');
    });

    it.each([
      ['success', async () => 'first'],
      ['failure', failing],
      [
        'a throw',
        () => {
          throw new Error('at once');
        },
      ],
    ])('begins anew after %s', async (_, work) => {
      const flights = createFlights();
      await flights.run('a', work).catch(() => undefined);
      expect(await flights.run('a', async () => 'second')).toEqual({ value: 'second', collapsed: false });
    });
  });

  describe(`${name}: options`, () => {
    it('join: false runs beside the run that is there, whose key stays its own', async () => {
      const flights = createFlights();
      const gate = createGate<string>();
      const first = flights.run('a', () => gate.opened);
      const second = await flights.run('a', async () => 'second', { join: false });
      expect(second).toEqual({ value: 'second', collapsed: false });
      const third = flights.run('a', never);
      gate.open('first');
      expect((await first).value).toBe('first');
      expect(await third).toEqual({ value: 'first', collapsed: true });
    });

    it('join: false may be joined when no other run is there', async () => {
      const flights = createFlights();
      const gate = createGate<string>();
      const first = flights.run('a', () => gate.opened, { join: false });
      const second = flights.run('a', never);
      gate.open('first');
      expect((await first).collapsed).toBe(false);
      expect(await second).toEqual({ value: 'first', collapsed: true });
    });

    it('replace: true is joined from then on, and the run before it frees no key of its', async () => {
      const flights = createFlights();
      const [first, second] = [createGate<string>(), createGate<string>()];
      const before = flights.run('a', () => first.opened);
      const joined = flights.run('a', never);
      const after = flights.run('a', () => second.opened, { replace: true });
      first.open('first');
      expect([(await before).value, (await joined).value]).toEqual(['first', 'first']);
      const late = flights.run('a', never);
      second.open('second');
      expect(await after).toEqual({ value: 'second', collapsed: false });
      expect(await late).toEqual({ value: 'second', collapsed: true });
    });

    it('lead: false cannot be joined', async () => {
      const flights = createFlights();
      const gate = createGate<string>();
      const first = flights.run('a', () => gate.opened, { lead: false });
      expect(await flights.run('a', async () => 'second')).toEqual({ value: 'second', collapsed: false });
      gate.open('first');
      expect((await first).value).toBe('first');
    });

    it('lead: false joins a run that is there', async () => {
      const flights = createFlights();
      const gate = createGate<string>();
      const first = flights.run('a', () => gate.opened);
      const second = flights.run('a', never, { lead: false });
      gate.open('first');
      expect(await second).toEqual({ value: 'first', collapsed: true });
      await first;
    });

    it('a run that nobody may join frees no key of another', async () => {
      const flights = createFlights();
      const gate = createGate<string>();
      const first = flights.run('a', () => gate.opened);
      await flights.run('a', async () => 'second', { join: false, lead: false });
      const third = flights.run('a', never);
      gate.open('first');
      expect((await third).collapsed).toBe(true);
      await first;
    });
  });

  describe(`${name}: what is in the air`, () => {
    it('is counted, also what nobody can join', async () => {
      const flights = createFlights();
      const gate = createGate<string>();
      const work = async () => await gate.opened;
      expect(flights.size).toBe(0);
      const runs = [
        flights.run('a', work),
        flights.run('a', work),
        flights.run('a', work, { join: false }),
        flights.run('b', work, { lead: false }),
      ];
      await settle();
      expect(flights.size).toBe(3);
      gate.open('');
      await Promise.all(runs);
      expect(flights.size).toBe(0);
    });

    it('is waited for, whatever becomes of it, with what begins meanwhile', async () => {
      const flights = createFlights();
      const gates = [createGate(), createGate()];
      const failed = flights.run('a', async () => {
        await gates[0]?.opened;
        throw new Error('crashed');
      });
      let settled = false;
      const waiting = flights.settled().then(() => {
        settled = true;
      });
      const later = flights.run('b', async () => {
        await gates[1]?.opened;
        return 'late';
      });
      gates[0]?.open();
      await expect(failed).rejects.toThrow('crashed');
      await settle();
      expect(settled).toBe(false);
      gates[1]?.open();
      await later;
      await waiting;
      await flights.settled();
    });
  });
}
