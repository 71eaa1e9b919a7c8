import { describe, expect, it } from 'vitest';
import {
  canonicalOf,
  expectDifferent,
  expectSame,
  MODEL,
  message,
  messages,
  parameters,
  recipeOf,
} from '../../support/data/recipes.ts';

const simple = { model: MODEL, input: { prompt: 'a cat' } };
const parse = (canonical: string) => JSON.parse(canonical);

describe('what does not count', () => {
  it('is transport', () => {
    expectSame(
      simple,
      parameters({
        stream: true,
        incremental_output: true,
        is_async: true,
        result_format: 'message',
        response_format: 'url',
      }),
    );
  });

  it('is transport only as a parameter: elsewhere the name means nothing known', () => {
    expectDifferent(
      simple,
      { ...simple, stream: true },
      { ...simple, input: { prompt: 'a cat', stream: true } },
    );
  });

  it('is null, in every field of input and parameters', () => {
    expectSame(
      simple,
      { ...simple, parameters: null },
      parameters({ seed: null, style: null, negative_prompt: null, size: null, n: null, novelty: null }),
      {
        ...simple,
        input: { prompt: 'a cat', negative_prompt: null, messages: null, images: null, novelty: null },
      },
      messages({ role: 'user', content: [{ text: 'a cat', image: null }], name: null }),
    );
    expectSame(parameters({ novelty: { deep: 1, none: null } }), parameters({ novelty: { deep: 1 } }));
  });

  it('is an empty negative prompt or style', () => {
    expectSame(simple, parameters({ negative_prompt: '', style: '' }), {
      ...simple,
      input: { prompt: 'a cat', negative_prompt: '' },
    });
    expectSame(parameters({ negative_prompt: 'blur' }), {
      model: MODEL,
      input: { prompt: 'a cat', negative_prompt: '' },
      parameters: { negative_prompt: 'blur' },
    });
  });

  it('is where the negative prompt stands', () => {
    const input = { prompt: 'a cat', negative_prompt: 'blur' };
    expectSame(
      parameters({ negative_prompt: 'blur' }),
      { model: MODEL, input },
      {
        model: MODEL,
        input,
        parameters: { negative_prompt: 'blur' },
      },
    );
  });

  it('is x or * in a size', () => {
    expectSame(
      parameters({ size: '1024*768' }),
      parameters({ size: '1024x768' }),
      parameters({ size: '1024X768' }),
    );
    expectDifferent(
      ...['2K', '2k', '1024 x 768', '1024*768', 'x', '1024x'].map((size) => parameters({ size })),
    );
  });

  it('is a seed of -1, which means any', () => {
    expectSame(simple, parameters({ seed: -1 }), parameters({ seed: null }));
  });

  it('is the shape of a simple request: prompt or one message', () => {
    expectSame(simple, messages(message({ text: 'a cat' })));
    expectSame(
      { model: MODEL, input: { prompt: 'mix', images: ['oss://a', 'oss://b'] } },
      messages(message({ image: 'oss://a' }, { image: 'oss://b' }, { text: 'mix' })),
    );
  });

  it('is where the only text stands among the images', () => {
    const [a, b, text] = [{ image: 'oss://a' }, { image: 'oss://b' }, { text: 'mix' }];
    expectSame(messages(message(text, a, b)), messages(message(a, text, b)), messages(message(a, b, text)));
  });

  it('is where the only text stands, also when items or the message say more', () => {
    const [a, b] = [
      { type: 'image', image: 'oss://a' },
      { type: 'image', image: 'oss://b' },
    ];
    const text = { type: 'text', text: 'mix' };
    expectSame(messages(message(text, a, b)), messages(message(a, text, b)), messages(message(a, b, text)));
    expectDifferent(messages(message(text, a, b)), messages(message(text, b, a)));
    const named = (...content: object[]) => messages({ ...message(...content), name: 'me' });
    expectSame(named({ text: 'mix' }, { image: 'oss://a' }), named({ image: 'oss://a' }, { text: 'mix' }));
  });

  it('is the order of names, at any depth', () => {
    expectSame(parameters({ a: { x: 1, y: 2 }, b: 1 }), parameters({ b: 1, a: { y: 2, x: 1 } }));
  });

  it('is the first of duplicate names', () => {
    const text = `{"model":"m","model":"${MODEL}","input":{"prompt":"a dog","prompt":"a cat"}}`;
    expect(recipeOf(text).canonical).toBe(canonicalOf(simple));
  });
});

describe('the number of pictures', () => {
  it.each([
    ['qwen-image-max', 1],
    ['qwen-image-edit-plus', 1],
    ['z-image-turbo', 1],
    ['wan2.2-t2i-plus', 4],
    ['wan2.6-t2i', 4],
  ])('%s draws %i unless told otherwise', (model, n) => {
    expectSame(parameters({}, model), parameters({ n }, model), parameters({ n: null }, model));
    expectDifferent(parameters({}, model), parameters({ n: n + 1 }, model));
  });

  it.each(['wan2.7-image-pro', 'wan2.6-image', 'wan2.1-t2i-plus', 'wanx-v1', 'wan2.5-i2i-preview'])(
    'is not assumed for %s',
    (model) => {
      expectDifferent(...[{}, { n: 1 }, { n: 4 }].map((values) => parameters(values, model)));
    },
  );

  it('is the only default that is filled in', () => {
    expect(parse(canonicalOf(simple))).toEqual({
      model: MODEL,
      input: { prompt: 'a cat' },
      parameters: { n: 1 },
    });
  });
});
