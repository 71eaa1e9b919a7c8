import { describe, expect, it } from 'vitest';
import { canonicalOf, recipeOf } from '../support/recipes.ts';

const MODEL = 'qwen-image-max';
const DIGEST = `sha256:${'ab'.repeat(32)}`;
const simple = { model: MODEL, input: { prompt: 'a cat' } };

const message = (...content: object[]) => ({ role: 'user', content });
const messages = (...list: object[]) => ({ model: MODEL, input: { messages: list } });
const parameters = (values: object, model = MODEL) => ({
  model,
  input: { prompt: 'a cat' },
  parameters: values,
});
const parse = (canonical: string) => JSON.parse(canonical);

function expectSame(...bodies: unknown[]): void {
  expect(new Set(bodies.map((body) => canonicalOf(body))).size).toBe(1);
}

function expectDifferent(...bodies: unknown[]): void {
  expect(new Set(bodies.map((body) => canonicalOf(body))).size).toBe(bodies.length);
}

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
