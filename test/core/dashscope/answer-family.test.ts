import { describe, expect, it } from 'vitest';
import { inFamily } from '../../../src/core/dashscope/answer-family.ts';

const FACTS = { model: 'qwen-image', prompt: 'p', width: 512, height: 256, urls: ['a'] };
const choices = (content: object[]) => ({
  request_id: 'r',
  output: { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: [...content] } }] },
});
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));

it('results become choices, with the size of the picture', () => {
  const results = { request_id: 'r', output: { results: [{ url: 'a' }, { url: 'b' }] }, usage: {} };
  expect(inFamily(results, 'choices', FACTS)).toEqual({
    ...choices([{ image: 'a' }, { image: 'b' }]),
    usage: { width: 512, height: 256, image_count: 2 },
  });
});

it('choices become results, with the words that were asked and, if there are any, those that were drawn', () => {
  const drawn = asJson(choices([{ image: 'a' }, { text: 'longer p' }]));
  expect(inFamily(drawn, 'results', FACTS)).toEqual({
    request_id: 'r',
    output: { results: [{ orig_prompt: 'p', actual_prompt: 'longer p', url: 'a' }] },
    usage: { image_count: 1 },
  });
  const silent = asJson(choices([{ image: 'a' }]));
  expect(inFamily(silent, 'results', FACTS)).toMatchObject({
    output: { results: [{ orig_prompt: 'p', url: 'a' }] },
  });
});

it('an answer of the family is left as it is', () => {
  const results = { output: { results: [{ url: 'a', extra: 1 }] } };
  expect(inFamily(results, 'results', FACTS)).toBe(results);
  const chosen = asJson(choices([{ image: 'a' }]));
  expect(inFamily(chosen, 'choices', FACTS)).toBe(chosen);
});

it('an answer of no known family is left as it is where no endpoint of its model is known', () => {
  const rendered = { output: { render_urls: ['a'] } };
  for (const family of ['results', 'choices'] as const)
    expect(inFamily(rendered, family, { ...FACTS, model: 'of-nobody-knows-where' })).toBe(rendered);
});

describe('an answer of no known family of a known model', () => {
  const odd = asJson({ request_id: 'r', output: { render_urls: ['a'], extra: 1 }, usage: { x: 1 } });

  it.each([
    ['wan2.5-t2i-preview', 'results'],
    ['qwen-image-max', 'choices'],
    ['qwen-image', 'choices'],
  ] as const)('is given as it came where %s is asked for %s', (model, family) => {
    expect(inFamily(odd, family, { ...FACTS, model })).toBe(odd);
  });

  it('is built from the entry where another endpoint is asked', () => {
    expect(inFamily(odd, 'choices', { ...FACTS, model: 'wan2.5-t2i-preview' })).toEqual({
      ...choices([{ image: 'a' }]),
      usage: { width: 512, height: 256, image_count: 1 },
    });
    expect(inFamily(odd, 'results', FACTS)).toMatchObject({
      output: { results: [{ orig_prompt: 'p', url: 'a' }] },
    });
  });
});
