import { describe, expect, it } from 'vitest';
import { readNormalized, simplify, toDashScope } from '../../../src/core/dialects/normalized-request.ts';
import type { JsonObject } from '../../../src/core/json/json-value.ts';

const MINIMAL = { prompt: 'a cyclist at dusk', size: '1024*1024' };

describe('the body of image.generate', () => {
  it('needs a prompt and a size, and has defaults for the rest', () => {
    expect(readNormalized(MINIMAL)).toEqual({
      model: 'qwen-image-max',
      prompt: 'a cyclist at dusk',
      size: '1024*1024',
      negativePrompt: undefined,
      style: undefined,
      seed: undefined,
      references: [],
      n: 1,
      take: undefined,
      parameters: {},
    });
  });

  it('may hold null for what is not given, and the other spelling of a size', () => {
    const nulls = { negative_prompt: null, style: null, seed: null, reference_image: null, model: null };
    expect(readNormalized({ ...MINIMAL, ...nulls, size: '1024x1024', n: null, take: null })).toEqual(
      readNormalized(MINIMAL),
    );
  });

  it.each<[JsonObject, string, RegExp]>([
    [{ size: '1024*1024' }, 'prompt', /prompt is missing/],
    [{ ...MINIMAL, prompt: '  ' }, 'prompt', /prompt is missing/],
    [{ ...MINIMAL, prompt: 7 }, 'prompt', /must be a string/],
    [{ prompt: 'x' }, 'size', /size is missing.*1024\*1024/],
    [{ ...MINIMAL, size: '1024' }, 'size', /W\*H/],
    [{ ...MINIMAL, size: '0*1024' }, 'size', /W\*H/],
    [{ ...MINIMAL, size: '1024 * 1024' }, 'size', /W\*H/],
    [{ ...MINIMAL, size: ['1024*1024'] }, 'size', /must be a string/],
    [{ ...MINIMAL, seed: -2 }, 'seed', /whole number from 0/],
    [{ ...MINIMAL, seed: 1.5 }, 'seed', /whole number from 0/],
    [{ ...MINIMAL, seed: 2 ** 31 }, 'seed', /whole number from 0/],
    [{ ...MINIMAL, seed: '7' }, 'seed', /whole number from 0/],
    [{ ...MINIMAL, n: 0 }, 'n', /at least 1/],
    [{ ...MINIMAL, take: 1.5 }, 'take', /from 1 to 1000/],
    [{ ...MINIMAL, take: 0 }, 'take', /from 1 to 1000/],
    [{ ...MINIMAL, take: 1001 }, 'take', /from 1 to 1000/],
    [{ ...MINIMAL, take: Number.MAX_SAFE_INTEGER }, 'take', /from 1 to 1000/],
    [{ ...MINIMAL, negative: 'blurry' }, 'negative', /not known here.*negative_prompt/],
    [{ ...MINIMAL, reference_image: 3 }, 'reference_image', /must be a string/],
    [{ ...MINIMAL, reference_image: '/etc/passwd' }, 'reference_image', /http\(s\) URL/],
    [{ ...MINIMAL, reference_image: 'file:///etc/passwd' }, 'reference_image', /http\(s\) URL/],
    [{ ...MINIMAL, reference_image: 'iVBORw0KGgo'.repeat(9) }, 'reference_image', /data:image\/png;base64/],
    [{ ...MINIMAL, reference_image: ['https://a.example/1.png', ''] }, 'reference_image[1]', /http\(s\) URL/],
  ])('%j is refused for its %s', (body, field, message) => {
    expect(() => readNormalized(body)).toThrow(
      expect.objectContaining({ field, message: expect.stringMatching(message) }),
    );
  });

  it('leaves the seed open for -1', () => {
    expect(readNormalized({ ...MINIMAL, seed: -1 }).seed).toBeUndefined();
    expect(readNormalized({ ...MINIMAL, seed: 0 }).seed).toBe(0);
  });
});

it('becomes a body of messages that always says how many, with the pictures before the text', () => {
  const request = readNormalized({
    ...MINIMAL,
    negative_prompt: 'blurry',
    style: '<anime>',
    seed: 7,
    reference_image: ['https://a.example/1.png', 'oss://up/2.png'],
    take: 2,
  });
  expect(toDashScope({ ...request, parameters: { watermark: true, n: 9 } })).toEqual({
    model: 'qwen-image-max',
    parameters: {
      watermark: true,
      size: '1024*1024',
      negative_prompt: 'blurry',
      style: '<anime>',
      seed: 7,
      n: 1,
    },
    input: {
      messages: [
        {
          role: 'user',
          content: [
            { image: 'https://a.example/1.png' },
            { image: 'oss://up/2.png' },
            { text: 'a cyclist at dusk' },
          ],
        },
      ],
    },
  });
});

describe('a wish with less in it', () => {
  const wish = (prompt: string) => readNormalized({ ...MINIMAL, prompt });

  it.each([
    ['A fox at 3.5 metres. It sleeps.', 'A fox at 3.5 metres.'],
    ['狐狸。它在睡觉。', '狐狸。'],
    ['a fox\nin the style of a woodcut', 'a fox'],
    ['Who is there? Nobody!', 'Who is there?'],
  ])('of %j keeps %j', (prompt, first) => {
    expect(simplify(wish(prompt))?.prompt).toBe(first);
  });

  it('has neither style nor negative prompt', () => {
    const request = readNormalized({ ...MINIMAL, negative_prompt: 'blurry', style: 'noir', seed: 7 });
    expect(simplify(request)).toEqual({ ...request, negativePrompt: undefined, style: undefined });
  });

  it('is none where nothing can be left out', () => {
    expect(simplify(wish('a fox'))).toBeUndefined();
    expect(simplify(wish('A fox.'))).toBeUndefined();
    expect(simplify(wish('a fox\n'))).toBeUndefined();
  });
});
