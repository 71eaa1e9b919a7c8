import { expect, it } from 'vitest';
import { FlightProgress } from '../../../src/services/flights/flight-progress.ts';
import { FlightWaiter } from '../../../src/services/flights/flight-waiter.ts';

it('counts once for whichever flight it is in', () => {
  const [first, second] = [new FlightProgress(), new FlightProgress()];
  const ticket = new FlightWaiter();
  ticket.board(first, false);
  ticket.board(second, false);
  expect([first.interested, second.interested]).toEqual([0, 1]);
});

it('counts nowhere any more once its client has hung up, be it before or after it changes flights', () => {
  const [first, second] = [new FlightProgress(), new FlightProgress()];
  const hangUp = new AbortController();
  const ticket = new FlightWaiter();
  ticket.board(first, true);
  ticket.giveUpOn(hangUp.signal);
  hangUp.abort();
  expect(first.interested).toBe(0);
  ticket.board(second, false);
  expect([first.interested, second.interested]).toEqual([0, 0]);
});
