import { expect, it } from 'vitest';
import { FlightsElsewhere } from '../../../src/adapters/flight/elsewhere.ts';

it('whoever needs a flight learns where its owner is, and goes no further', async () => {
  const flights = new FlightsElsewhere<string>();
  let wentOn = false;
  void flights.ensureOwner({ site: 'cn', scope: 'mine', key: 'k1:0' }).then(() => {
    wentOn = true;
  });
  expect(await flights.departure).toMatchObject({ owner: 'cn\nmine\nk1:0' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(wentOn).toBe(false);
  await expect(flights.run()).rejects.toThrow('no flight begins here');
});

it('whoever is not answered at the owner is told why where it came in', async () => {
  const flights = new FlightsElsewhere<string>();
  const waiting = flights.ensureOwner({ site: 'cn', scope: 'mine', key: 'k1:0' });
  const { fail } = await flights.departure;
  fail(new Error('the owner ended'));
  await expect(waiting).rejects.toThrow('the owner ended');
});
