import { expect, test } from 'vitest';
import { createManualClock, post, recipe, refusalOf, startTestSimulator } from '../support.ts';

test('the vendor’s limits hold per account and model, and open again with time', async () => {
  const clock = createManualClock();
  const { origin, control } = await startTestSimulator({ clock, rateLimit: true });
  const status = async (model = 'qwen-image-max', key = 'sk-one') =>
    (await post(origin, recipe({}, model), { key })).status;
  expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
  expect(await status('qwen-image')).toBe(200);
  expect(await status('qwen-image-max', 'sk-two')).toBe(200);
  expect(await refusalOf(await post(origin, recipe(), { key: 'sk-one' }))).toEqual({
    status: 429,
    code: 'Throttling.RateQuota',
    message: 'Requests rate limit exceeded, please try again later.',
  });
  clock.advance(59_999);
  expect(await status()).toBe(429);
  clock.advance(1);
  expect(await status()).toBe(200);
  expect(control.counters().generations['qwen-image-max']).toEqual({
    asked: 7,
    accepted: 4,
    billedImages: 4,
    refused: { 'Throttling.RateQuota': 3 },
  });
});

test('limits can be set by model', async () => {
  const limit = { count: 1, periodMs: 1000 };
  const { origin } = await startTestSimulator({
    clock: createManualClock(),
    rateLimit: { 'qwen-image': limit, 'qwen-image-max': false },
  });
  const statuses = async (model: string) => [
    (await post(origin, recipe({}, model))).status,
    (await post(origin, recipe({}, model))).status,
  ];
  expect(await statuses('qwen-image')).toEqual([200, 429]);
  expect(await statuses('qwen-image-max')).toEqual([200, 200]);
  expect(await statuses('qwen-image-plus')).toEqual([200, 200]);
});

test('there are none unless asked for', async () => {
  const { origin } = await startTestSimulator({ clock: createManualClock() });
  for (let call = 0; call < 4; call++) expect((await post(origin, recipe())).status).toBe(200);
});
