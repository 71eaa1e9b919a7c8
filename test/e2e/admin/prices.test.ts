import { expect, it } from 'vitest';
import { body, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

/** The cost of the one entry there is, as its row and the event tell it. */
async function storedCost(stack: Stack) {
  const { entries } = stack.server.services;
  const [candidate] = await entries.selectForEviction({ limit: 1 });
  const cost = (await entries.findById(candidate?.id ?? 0))?.cost;
  expect(stack.events.filter(({ type }) => type === 'bought')).toMatchObject([{ cost }]);
  return cost;
}

it.each([
  ['qwen-image-max=0.4 CNY', { amount: 0.4, currency: 'CNY' }],
  ['qwen-image-max=0.03 USD', { amount: 0.03, currency: 'USD' }],
  ['qwen-image-max@simulator=0.3 CNY,qwen-image-max=9 USD', { amount: 0.3, currency: 'CNY' }],
  ['qwen-image-max@cn=9 CNY,wan2.6-t2i=9 CNY', { amount: 0.5, currency: 'CNY' }],
])('with DASHCACHE_PRICES=%s a stored entry costs %j', async (prices, expected) => {
  const stack = await startStack({ DASHCACHE_PRICES: prices });
  expect((await stack.generate(body('a price tag'))).status).toBe(200);
  expect(await storedCost(stack)).toEqual(expected);
});

it.each([
  ['z-image-turbo', { ...SMALL }, { amount: 0.1, currency: 'CNY' }],
  ['z-image-turbo', { ...SMALL, prompt_extend: true }, { amount: 0.2, currency: 'CNY' }],
  ['qwen-image-3.0-pro', { size: '1024*1024' }, { amount: 0.25, currency: 'CNY' }],
  ['qwen-image-3.0-pro', { size: '2048*2048' }, { amount: 0.5, currency: 'CNY' }],
  ['wan2.6-t2i', { size: '1280*1280', n: 1 }, undefined],
])('%s with %j costs %j', async (model, parameters, expected) => {
  const stack = await startStack();
  expect((await stack.generate(body('a price tag', parameters, model))).status).toBe(200);
  expect(await storedCost(stack)).toEqual(expected);
});
