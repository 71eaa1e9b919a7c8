import { describe, expect, it } from 'vitest';
import { readEdits, readEditsForm, readGenerations } from '../../../src/core/dialects/openai-request.ts';

const URL = 'https://example.com/a.png';
const wishOf = (body: object) => readGenerations({ prompt: 'a boat', ...body }).wish;

describe('a request in OpenAI’s words', () => {
  it('needs no more than a prompt', () => {
    expect(readGenerations({ prompt: 'a boat' })).toEqual({
      wish: {
        model: 'qwen-image-max',
        prompt: 'a boat',
        size: undefined,
        negativePrompt: undefined,
        style: undefined,
        seed: undefined,
        references: [],
        n: 1,
        take: undefined,
        parameters: {},
      },
      format: 'url',
      streams: false,
    });
  });

  it.each([
    [{ size: '1024x1024' }, { size: '1024*1024' }],
    [{ size: '1024*1024' }, { size: '1024*1024' }],
    [{ size: 'auto' }, { size: undefined }],
    [{ size: null }, { size: undefined }],
    [{ n: 4 }, { n: 4 }],
    [{ model: 'wan2.6-t2i' }, { model: 'wan2.6-t2i' }],
    [
      { seed: 7, negative_prompt: 'rain', style: '<anime>' },
      { seed: 7, negativePrompt: 'rain' },
    ],
    [{ style: 'vivid' }, { style: undefined }],
    [{ style: 'natural' }, { style: undefined }],
    [
      { watermark: true, prompt_extend: false, color_palette: [{ hex: '#fff' }], steps: null },
      { parameters: { watermark: true, prompt_extend: false, color_palette: [{ hex: '#fff' }] } },
    ],
    [
      {
        user: 'u-1',
        quality: 'high',
        moderation: 'low',
        background: 'opaque',
        output_format: 'png',
        output_compression: 100,
        input_fidelity: 'high',
        partial_images: 2,
        response_format: 'url',
        stream: false,
      },
      { parameters: {} },
    ],
  ])('%j is read as %j', (body, wish) => {
    expect(wishOf(body)).toMatchObject(wish);
  });

  it.each([
    [{}, 'url', false],
    [{ response_format: 'b64_json' }, 'b64_json', false],
    [{ stream: true }, 'b64_json', true],
    [{ stream: true, response_format: 'url' }, 'url', true],
  ])('%j is answered as %s', (body, format, streams) => {
    expect(readGenerations({ prompt: 'a boat', ...body })).toMatchObject({ format, streams });
  });

  it.each([
    [{ prompt: '' }, 'prompt', 'missing'],
    [{ prompt: 7 }, 'prompt', 'string'],
    [{ size: 'large' }, 'size', 'W\\*H'],
    [{ n: 0 }, 'n', 'at least 1'],
    [{ take: 1001 }, 'take', 'from 1 to 1000'],
    [{ n: '2' }, 'n', 'whole number'],
    [{ seed: 1.5 }, 'seed', 'whole number'],
    [{ stream: 'yes' }, 'stream', 'true or false'],
    [{ user: 7 }, 'user', 'string'],
    [{ response_format: 'webp' }, 'response_format', 'url or b64_json'],
    [{ background: 'transparent' }, 'background', 'auto, opaque here: no model'],
    [{ output_format: 'webp' }, 'output_format', 'png here: pictures are given'],
    [{ output_compression: 50 }, 'output_compression', '100 here'],
    [{ quality: 'best' }, 'quality', 'one of auto'],
    [{ partial_images: 4 }, 'partial_images', 'one of 0, 1, 2, 3'],
    [{ image: URL }, 'image', '/v1/images/edits'],
    [{ mask: URL }, 'mask', '/v1/images/edits'],
  ])('%j is refused: %s', (body, field, message) => {
    expect(() => wishOf(body)).toThrow(
      expect.objectContaining({ code: 'invalid_request', field, message: expect.stringMatching(message) }),
    );
  });

  it('is an object', () => {
    expect(() => readGenerations([])).toThrow('JSON object');
  });
});

describe('an edit', () => {
  it('takes one picture or several, and a model that draws from pictures', () => {
    expect(readEdits({ prompt: 'redder', image: URL }).wish).toMatchObject({
      model: 'qwen-image-edit-plus',
      references: [URL],
    });
    expect(readEdits({ prompt: 'redder', image: [URL, 'oss://a/b.png'] }).wish.references).toHaveLength(2);
  });

  it.each([
    [{}, 'image'],
    [{ image: [] }, 'image'],
    [{ image: [URL, 7] }, 'image[1]'],
    [{ image: URL, mask: URL }, 'mask'],
  ])('%j is refused for %s', (body, field) => {
    expect(() => readEdits({ prompt: 'redder', ...body })).toThrow(expect.objectContaining({ field }));
  });

  it('as a form says the same', () => {
    const fields = new Map([
      ['prompt', '7'],
      ['n', '2'],
      ['watermark', 'true'],
      ['stream', 'true'],
      ['model', 'null'],
    ]);
    const pictures = [
      { name: 'image[]', value: URL },
      { name: 'image[]', value: 'oss://a/b.png' },
    ];
    expect(readEditsForm(fields, pictures)).toEqual(
      readEdits({ prompt: '7', n: 2, watermark: true, stream: true, image: [URL, 'oss://a/b.png'] }),
    );
  });

  it('as a form has no mask, no nested fields, and a picture', () => {
    const fields = new Map([['prompt', 'redder']]);
    const image = { name: 'image', value: URL };
    const refused = (field: string) => expect.objectContaining({ field });
    expect(() => readEditsForm(fields, [image, { name: 'mask', value: URL }])).toThrow(refused('mask'));
    expect(() => readEditsForm(fields, [])).toThrow(refused('image'));
    expect(() => readEditsForm(new Map([...fields, ['palette[0][hex]', '#fff']]), [image])).toThrow(
      refused('palette[0][hex]'),
    );
  });
});

describe('the images of OpenAI’s JSON edits', () => {
  it('are references, and no parameter of the model', () => {
    const { wish } = readEdits({ prompt: 'night', images: [{ image_url: URL }, { image_url: `${URL}?2` }] });
    expect([wish.references, wish.parameters]).toEqual([[URL, `${URL}?2`], {}]);
  });

  it.each([
    [{ images: [{ file_id: 'file-1' }] }, /images\[0\].*image_url/],
    [{ images: [{ image_url: URL }], image: URL }, /images.*beside image/],
    [{ images: 'all' }, /images.*list/],
  ])('are refused before anything is paid: %j', (body, problem) => {
    expect(() => readEdits({ prompt: 'night', ...body })).toThrow(problem);
  });

  it('are taken by edits alone', () => {
    expect(() => readGenerations({ prompt: 'night', images: [{ image_url: URL }] })).toThrow(/images.*edits/);
  });
});
