import { describe, expect, it } from 'vitest';
import { findReferences, isBase64DataUri } from '../../../src/core/recipe/references.ts';

const DATA = 'data:image/png;base64,iVBORw0KGgo=';
const URL = 'https://a.example/x.png';

const fieldsOf = (body: object) => findReferences(JSON.parse(JSON.stringify(body))).map(({ field }) => field);

describe('findReferences', () => {
  it('finds the images of messages, in order', () => {
    const content = [{ image: URL }, { text: URL }, { image: 'oss://x' }];
    const body = { model: 'm', input: { messages: [{ role: 'user', content }] } };
    expect(findReferences(body)).toEqual([
      {
        path: ['input', 'messages', 0, 'content', 0, 'image'],
        field: 'input.messages[0].content[0].image',
        value: URL,
        takesDataUri: true,
      },
      {
        path: ['input', 'messages', 0, 'content', 2, 'image'],
        field: 'input.messages[0].content[2].image',
        value: 'oss://x',
        takesDataUri: true,
      },
    ]);
  });

  it.each([
    'images',
    'image_url',
    'base_image_url',
    'mask_image_url',
    'ref_image_url',
    'ref_img',
    'sketch_image_url',
  ])('finds input.%s', (name) => {
    expect(fieldsOf({ input: { [name]: URL } })).toEqual([`input.${name}`]);
    expect(fieldsOf({ input: { [name]: [URL, URL] } })).toEqual([`input.${name}[0]`, `input.${name}[1]`]);
  });

  it('takes whatever stands in an image field, for the resolver to judge', () => {
    expect(fieldsOf({ input: { images: ['file:///etc/passwd', 'iVBORw0KGgo='] } })).toHaveLength(2);
  });

  it('finds data URIs in any other field, so that no base64 gets into a row', () => {
    const body = {
      model: 'm',
      input: { novelty: { deep: [DATA] } },
      parameters: { mask: DATA, other: 'x' },
      novelty: DATA,
    };
    expect(fieldsOf(body)).toEqual(['input.novelty.deep[0]', 'parameters.mask', 'novelty']);
  });

  it('finds URLs in any other field too, but only where a string is nothing else', () => {
    const input = { style_ref_url: URL, media: [{ url: `HTTPS${URL.slice(5)}` }], note: `see ${URL}` };
    const slots = findReferences({ input, parameters: { logo: ` ${URL}\n` }, odd: URL });
    expect(slots.map(({ field, takesDataUri }) => [field, takesDataUri])).toEqual([
      ['input.style_ref_url', false],
      ['input.media[0].url', false],
      ['parameters.logo', false],
      ['odd', false],
    ]);
  });

  it('never reads words as a picture', () => {
    const content = [{ text: DATA }];
    const messages = [
      { role: 'user', content },
      { role: 'user', content: URL },
    ];
    const input = { prompt: DATA, negative_prompt: DATA, sub_title: URL, prompt_text_zh: URL, messages };
    expect(fieldsOf({ input, parameters: { negative_prompt: DATA } })).toEqual([]);
  });

  it('takes what reads like the name of a picture for one: it must not pass for the picture itself', () => {
    const name = `sha256:${'ab'.repeat(32)}`;
    expect(fieldsOf({ input: {}, parameters: { mask: name } })).toEqual(['parameters.mask']);
    expect(fieldsOf({ input: { prompt: name }, parameters: { mask: `${name}0` } })).toEqual([]);
  });

  it('finds nothing where there is nothing', () => {
    expect(fieldsOf({ input: { prompt: 'x', images: [], messages: null } })).toEqual([]);
    expect(fieldsOf({})).toEqual([]);
  });
});

describe('isBase64DataUri', () => {
  it.each([DATA, 'DATA:IMAGE/PNG;BASE64,AA', 'data:;base64,', 'data:image/png;name=x;base64,AA'])(
    '%s is one',
    (text) => expect(isBase64DataUri(text)).toBe(true),
  );

  it.each(['data:image/png,AA', 'data:,base64,', ' data:;base64,AA', URL, ''])('%j is none', (text) =>
    expect(isBase64DataUri(text)).toBe(false),
  );
});
