import { afterEach, beforeEach, expect, it } from 'vitest';
import { Flight } from '../../../src/services/purchases/flight.ts';
import { FlightWaiter } from '../../../src/services/purchases/flight-waiter.ts';
import { Machine } from '../../support/servers/store-bench.ts';

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.open();
});
afterEach(() => machine.close());

async function flights(): Promise<[Flight, Flight]> {
  const bench = machine.start();
  const sharing = { take: undefined, isFirst: true, isOpen: true };
  const records = [await bench.sent('a'), await bench.sent('b')] as const;
  return [new Flight(records[0], { sharing }), new Flight(records[1], { sharing })];
}

it('counts once for whichever flight it is in', async () => {
  const [first, second] = await flights();
  const waiter = new FlightWaiter();
  waiter.board(first, false);
  waiter.board(second, false);
  expect([first.interested, second.interested]).toEqual([0, 1]);
});

it('counts nowhere any more once its client has hung up, be it before or after it changes flights', async () => {
  const [first, second] = await flights();
  const hangUp = new AbortController();
  const waiter = new FlightWaiter();
  waiter.board(first, true);
  waiter.giveUpOn(hangUp.signal);
  hangUp.abort();
  waiter.leave();
  expect(first.interested).toBe(0);
  waiter.board(second, false);
  expect([first.interested, second.interested]).toEqual([0, 0]);
});
