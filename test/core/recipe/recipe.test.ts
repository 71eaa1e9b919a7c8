import { describe, expect, it } from 'vitest';
import { readRecipe } from '../../../src/core/recipe/recipe.ts';
import {
  canonicalOf,
  expectDifferent,
  MODEL,
  message,
  messages,
  parameters,
  recipeOf,
} from '../../support/data/recipes.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const simple = { model: MODEL, input: { prompt: 'a cat' } };
const parse = (canonical: string) => JSON.parse(canonical);

describe('what counts', () => {
  it('is every documented field', () => {
    expectDifferent(
      simple,
      { ...simple, model: 'qwen-image-plus' },
      { ...simple, input: { prompt: 'a dog' } },
      parameters({ negative_prompt: 'blur' }),
      parameters({ size: '1664*928' }),
      parameters({ seed: 0 }),
      parameters({ seed: 1 }),
      parameters({ style: '<anime>' }),
      parameters({ n: 2 }),
      parameters({ prompt_extend: true }),
      parameters({ prompt_extend: false }),
      parameters({ watermark: true }),
    );
  });

  it('is every unknown field, wherever it stands', () => {
    expectDifferent(
      simple,
      { ...simple, novelty: 1 },
      { ...simple, input: { prompt: 'a cat', novelty: 1 } },
      parameters({ novelty: 1 }),
      parameters({ novelty: { deep: 1 } }),
      parameters({ novelty: {} }),
      parameters({ novelty: [] }),
      parameters({ novelty: '' }),
      parameters({ novelty: false }),
    );
  });

  it('is a field whose name is one of JavaScript’s own', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const texts = names.flatMap((name) => [
      `{"model":"${MODEL}","input":{"prompt":"a cat","${name}":1}}`,
      `{"model":"${MODEL}","input":{"prompt":"a cat"},"parameters":{"${name}":1}}`,
      `{"model":"${MODEL}","input":{"prompt":"a cat"},"parameters":{"${name}":{"seed":5}}}`,
      `{"model":"${MODEL}","input":{"prompt":"a cat"},"${name}":1}`,
    ]);
    const canonicals = [canonicalOf(simple), ...texts.map((text) => recipeOf(text).canonical)];
    expect(new Set(canonicals).size).toBe(texts.length + 1);
    expect(recipeOf(texts[2] ?? '')).toMatchObject({ seedless: true });
  });

  it('is the prompt to the code point', () => {
    expectDifferent(
      ...[
        'a cat',
        ' a cat',
        'a cat ',
        'a  cat',
        'A cat',
        'a cat\n',
        'a\u00a0cat',
        'caf\u00e9',
        'cafe\u0301',
      ].map((prompt) => ({ ...simple, input: { prompt } })),
    );
  });

  it('is a negative prompt of one blank, which is not empty', () => {
    expectDifferent(simple, parameters({ negative_prompt: ' ' }));
  });

  it('is the order of the images', () => {
    expectDifferent(
      messages(message({ image: 'oss://a' }, { image: 'oss://b' }, { text: 'mix' })),
      messages(message({ image: 'oss://b' }, { image: 'oss://a' }, { text: 'mix' })),
      messages(message({ image: 'oss://a' }, { text: 'mix' })),
    );
  });

  it('is each role, boundary and place in a list of messages', () => {
    expectDifferent(
      messages(message({ text: 'a' }, { text: 'b' })),
      messages(message({ text: 'b' }, { text: 'a' })),
      messages(message({ text: 'ab' })),
      messages(message({ text: 'a' }), message({ text: 'b' })),
      messages({ role: 'system', content: [{ text: 'a' }] }, message({ text: 'b' })),
      messages(message({ image: 'oss://a' }, { text: 'a' }, { text: 'b' })),
      messages(message({ text: 'a' }, { image: 'oss://a' }, { text: 'b' })),
      messages({ role: 'system', content: [{ text: 'a' }] }),
      messages({ role: 'user', content: 'a' }),
      messages({ content: [{ text: 'a' }] }),
    );
  });

  it('is a second text that says the same', () => {
    expectDifferent(messages(message({ text: 'a' })), messages(message({ text: 'a' }, { text: 'a' })));
  });

  it('is a prompt beside messages', () => {
    const both = { model: MODEL, input: { prompt: 'a cat', messages: [message({ text: 'a dog' })] } };
    expectDifferent(simple, messages(message({ text: 'a dog' })), both);
  });

  it('is the inspection that was asked for', () => {
    const inspections = [undefined, 'enable', 'disable', '{"input":"cip","output":"cip"}'];
    const canonicals = inspections.map((dataInspection) => canonicalOf(simple, { dataInspection }));
    expect(new Set(canonicals).size).toBe(inspections.length);
  });

  it('is both of two negative prompts that differ', () => {
    const both = (inner: string, outer: string) => ({
      model: MODEL,
      input: { prompt: 'a cat', negative_prompt: inner },
      parameters: { negative_prompt: outer },
    });
    expectDifferent(both('a', 'b'), both('b', 'a'), both('a', 'a'), both('b', 'b'));
  });
});

describe('a reference image', () => {
  const body = (image: string) => messages(message({ image }, { text: 'mix' }));

  it('is its content, however it came', () => {
    const spellings = ['https://a.example/x.png', 'data:image/png;base64,AAAA', 'oss://x/y.png'];
    const canonicals = spellings.map((image) => canonicalOf(body(image), { names: { [image]: DIGEST } }));
    expect(new Set(canonicals).size).toBe(1);
    expect(parse(canonicals[0] ?? '').input).toEqual({ prompt: 'mix', images: [DIGEST] });
  });

  it('is another one when its content is, under the same URL', () => {
    const image = 'https://a.example/x.png';
    const other = `sha256:${'cd'.repeat(32)}`;
    expect(canonicalOf(body(image), { names: { [image]: DIGEST } })).not.toBe(
      canonicalOf(body(image), { names: { [image]: other } }),
    );
  });

  it('leaves no base64 in the recipe, wherever it stands', () => {
    const image = 'data:image/png;base64,QUFBQUFBQUFBQUFB';
    const bodies = [
      { ...simple, input: { prompt: 'a cat', novelty: { deep: [image] } } },
      parameters({ novelty: image }),
      { ...simple, novelty: [image] },
    ];
    for (const each of bodies) {
      const canonical = canonicalOf(each, { names: { [image]: DIGEST } });
      expect(canonical).toContain(DIGEST);
      expect(canonical).not.toContain('base64');
    }
  });

  it('does not hide a field whose name reads like its place', () => {
    const image = 'https://a.example/x.png';
    const bodies = ['one', 'two'].map((value) => ({
      model: MODEL,
      input: { prompt: 'mix', images: [image], 'images[0]': value },
    }));
    const canonicals = bodies.map((each) => canonicalOf(each, { names: { [image]: DIGEST } }));
    expect(new Set(canonicals).size).toBe(2);
  });
});

describe('a recipe', () => {
  it.each([
    [simple, 'a cat'],
    [messages(message({ image: 'oss://a' }, { text: ' a cat ' })), ' a cat '],
    [
      messages({ role: 'system', content: 'be brief' }, message({ text: 'a' }, { text: 'b' })),
      'be brief\na\nb',
    ],
    [{ model: MODEL, input: {} }, ''],
  ])('says its words: %j', (body, prompt) => {
    expect(recipeOf(JSON.stringify(body))).toMatchObject({ model: MODEL, prompt });
  });

  it.each([
    [{}, true],
    [{ seed: null }, true],
    [{ seed: -1 }, true],
    [{ seed: 0 }, false],
    [{ seed: 7 }, false],
  ])('with parameters %j leaves the seed open: %s', (values, seedless) => {
    expect(recipeOf(JSON.stringify(parameters(values)))).toMatchObject({ seedless });
  });
});

describe('readRecipe', () => {
  it('gives back what was written, and knows what was not', () => {
    for (const value of [simple, messages(message({ text: 'a 狐' }, { image: 'x' }))]) {
      const { model, canonical, prompt } = recipeOf(JSON.stringify(value));
      expect(readRecipe(canonical)).toEqual({ model, canonical, prompt });
    }
    const canonical = canonicalOf(simple);
    const noModel = '{"input":{},"model":1,"parameters":{}}';
    for (const text of [` ${canonical}`, '', '{', '[]', 'null', '{"model":"x"}', noModel])
      expect(readRecipe(text)).toBeUndefined();
  });
});
