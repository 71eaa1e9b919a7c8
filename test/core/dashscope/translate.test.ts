import { expect, it } from 'vitest';
import { translateBody } from '../../../src/core/dashscope/translate.ts';
import { isJsonObject, type JsonObject } from '../../../src/core/json/json-value.ts';

const prompt = (input: JsonObject, parameters: JsonObject = {}, model = 'm'): JsonObject => ({
  model,
  input,
  parameters,
});
const messages = (content: JsonObject[], parameters: JsonObject = {}, model = 'm'): JsonObject => ({
  model,
  input: { messages: [{ role: 'user', content }] },
  parameters,
});

function inputWith(fields: JsonObject, more: JsonObject[] = []): JsonObject {
  return { messages: [{ role: 'user', content: [{ text: 'p' }, ...more] }], ...fields };
}

const PAIRS: readonly (readonly [what: string, prompt: JsonObject, messages: JsonObject])[] = [
  ['a prompt', prompt({ prompt: 'p' }, { n: 1 }), messages([{ text: 'p' }], { n: 1 })],
  [
    'a negative prompt',
    prompt({ prompt: 'p', negative_prompt: 'q' }),
    messages([{ text: 'p' }], { negative_prompt: 'q' }),
  ],
  [
    'pictures in their order',
    prompt({ prompt: 'p', images: ['a', 'b'] }),
    messages([{ image: 'a' }, { image: 'b' }, { text: 'p' }]),
  ],
];

it.each(PAIRS)('%s is said in either shape', (_, asPrompt, asMessages) => {
  expect(translateBody(asPrompt, 'messages')).toEqual(asMessages);
  expect(translateBody(asMessages, 'prompt')).toEqual(asPrompt);
});

it('a body that has the shape is left as it is', () => {
  for (const [, asPrompt, asMessages] of PAIRS) {
    expect(translateBody(asPrompt, 'prompt')).toBe(asPrompt);
    expect(translateBody(asMessages, 'messages')).toBe(asMessages);
  }
});

it('the edit model of wan 2.1 is given its one base picture by its name', () => {
  const body = messages([{ image: 'a' }, { text: 'p' }], {}, 'wanx2.1-imageedit');
  expect(translateBody(body, 'prompt')?.input).toEqual({
    prompt: 'p',
    function: 'description_edit',
    base_image_url: 'a',
  });
});

it('the edit model of wan 2.1 keeps what it is asked to do', () => {
  const { input, ...rest } = messages([{ image: 'a' }, { text: 'p' }], {}, 'wanx2.1-imageedit');
  const body = { ...rest, input: { ...(isJsonObject(input) ? input : {}), function: 'colorization' } };
  expect(translateBody(body, 'prompt')?.input).toMatchObject({ function: 'colorization' });
});

it('a type beside the text or the picture, and nulls, say nothing more', () => {
  const content = [
    { type: 'image', image: 'a', text: null },
    { type: 'text', text: 'p' },
  ];
  expect(translateBody(messages(content, { negative_prompt: null }), 'prompt')?.input).toMatchObject({
    prompt: 'p',
    images: ['a'],
  });
});

it.each([
  [
    'a second picture for the edit model of wan 2.1',
    messages([{ image: 'a' }, { image: 'b' }, { text: 'p' }], {}, 'wanx2.1-imageedit'),
  ],
  ['a field beside a picture', messages([{ image: 'a', min_pixels: 7 }, { text: 'p' }])],
  [
    'a field of the message',
    { input: { messages: [{ role: 'user', name: 'x', content: [{ text: 'p' }] }] } },
  ],
  [
    'two negative prompts',
    { ...messages([{ text: 'p' }], { negative_prompt: 'a' }), input: inputWith({ negative_prompt: 'b' }) },
  ],
  ['a prompt beside the messages', { ...messages([]), input: inputWith({ prompt: 'other' }) }],
  [
    'another base picture beside the messages',
    { model: 'wanx2.1-imageedit', input: inputWith({ base_image_url: 'b' }, [{ image: 'a' }]) },
  ],
  ['two texts', messages([{ text: 'p' }, { text: 'q' }])],
  ['no text', messages([{ image: 'a' }])],
  ['something that is neither', messages([{ text: 'p' }, { video: 'v' }])],
  [
    'two messages',
    {
      input: {
        messages: [
          { role: 'user', content: [] },
          { role: 'user', content: [] },
        ],
      },
    },
  ],
  ['a system’s message', { input: { messages: [{ role: 'system', content: [{ text: 'p' }] }] } }],
])('%s cannot be said as a prompt', (_, body) => {
  expect(translateBody(body, 'prompt')).toBeUndefined();
});

it.each([
  ['no prompt', prompt({})],
  ['a mask', prompt({ prompt: 'p', mask_image_url: 'm' })],
  ['two negative prompts', prompt({ prompt: 'p', negative_prompt: 'a' }, { negative_prompt: 'b' })],
  ['a picture that is no string', prompt({ prompt: 'p', images: [{ url: 'a' }] })],
])('%s cannot be said as messages', (_, body) => {
  expect(translateBody(body, 'messages')).toBeUndefined();
});
