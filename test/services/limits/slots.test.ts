import { expect, it } from 'vitest';
import { Slots } from '../../../src/services/limits/slots.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

const start = () => {
  const clock = new ManualClock();
  return { clock, slots: new Slots(clock, { limit: 2, maxWaiting: 2, maxWaitMs: 1_000 }) };
};
const here = () => new AbortController().signal;

it('places are given out in order, each when one is left, and left only once', async () => {
  const { clock, slots } = start();
  const [first, second] = [await slots.take(here()), await slots.take(here())];
  const order: string[] = [];
  const take = async (name: string) => {
    const leave = await slots.take(here());
    order.push(name);
    return leave;
  };
  const [third, fourth] = [take('third'), take('fourth')];
  await settle();
  expect(order).toEqual([]);
  first();
  first();
  await settle();
  expect(order).toEqual(['third']);
  second();
  await settle();
  expect(order).toEqual(['third', 'fourth']);
  (await third)();
  (await fourth)();
  await slots.take(here());
  expect(clock.sleeping).toBe(0);
});

it('who is one too many, or waits too long, is told so; who leaves makes room', async () => {
  const { clock, slots } = start();
  const leave = await slots.take(here());
  await slots.take(here());
  const client = new AbortController();
  const leaving = slots.take(client.signal);
  const waiting = slots.take(here());
  await expect(slots.take(here())).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 5_000 });
  client.abort(new Error('left'));
  await expect(leaving).rejects.toThrow('left');
  const late = expect(waiting).rejects.toMatchObject({ code: 'overloaded' });
  await clock.advance(1_000);
  await late;
  leave();
  await slots.take(here());
  expect(clock.sleeping).toBe(0);
});
