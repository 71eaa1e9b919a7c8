import { expect, it } from 'vitest';
import { readFacts } from '../../../src/core/recipe/recipe-facts.ts';

const factsOf = (parameters: object) => readFacts(JSON.stringify({ model: 'm', input: {}, parameters }));

it.each([
  [{ n: 4 }, 4],
  [{}, undefined],
  [{ n: 12, enable_sequential: true }, undefined],
  [{ n: 1, enable_interleave: true, max_images: 5 }, undefined],
  [{ n: 2, enable_sequential: false }, 2],
  [{ n: '2' }, undefined],
])('%j asks for so many pictures: %s', (parameters, count) => {
  expect(factsOf(parameters).count).toBe(count);
});
