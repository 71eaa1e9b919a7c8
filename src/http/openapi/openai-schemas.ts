import { DEFAULT_MODEL } from '../../core/dialects/normalized-request.ts';
import { DEFAULT_EDIT_MODEL, OPENAI_HINTS } from '../../core/dialects/openai-request.ts';
import type { JsonObject } from '../../core/json/json-text.ts';
import { closedObject, nullable, schema } from './parts.ts';

/** What says nothing to DashScope, with the values that are taken. */
const HINTS: Readonly<Record<string, JsonObject>> = Object.fromEntries(
  [...OPENAI_HINTS].map(([name, { values }]) => [name, { enum: [...values, null] }]),
);

/** Fields that generations and edits have in common. Any other is the model's own parameter. */
const COMMON: Readonly<Record<string, JsonObject>> = {
  prompt: { type: 'string', minLength: 1, description: 'What to draw.' },
  size: nullable('string', { description: '`WxH` in pixels; absent or `auto` leaves it to the model.' }),
  n: nullable('integer', { minimum: 1, default: 1 }),
  response_format: { enum: ['url', 'b64_json', null], description: '`url`, unless it is streamed.' },
  stream: nullable('boolean', { description: 'Answer in events.' }),
  seed: nullable('integer', { minimum: -1 }),
  negative_prompt: nullable('string'),
  style: nullable('string'),
  take: nullable('integer', { minimum: 1, maximum: 1000 }),
  user: nullable('string', { description: 'No part of the picture.' }),
  ...HINTS,
};

const PICTURE: JsonObject = {
  type: 'string',
  description: 'An http(s) URL, a `data:…;base64,` URI or an `oss://` name; in a form a file.',
};

/** The words of OpenAI's images API, as far as they are understood here. */
export const OPENAI_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  OpenAiGeneration: {
    type: 'object',
    properties: { ...COMMON, model: nullable('string', { default: DEFAULT_MODEL }) },
    required: ['prompt'],
  },
  OpenAiEdit: {
    type: 'object',
    properties: {
      ...COMMON,
      model: nullable('string', { default: DEFAULT_EDIT_MODEL }),
      image: { anyOf: [PICTURE, { type: 'array', items: PICTURE, minItems: 1 }] },
    },
    required: ['prompt', 'image'],
  },
  OpenAiImages: closedObject(
    {
      created: { type: 'integer', description: 'Seconds of the epoch.' },
      data: {
        type: 'array',
        minItems: 1,
        items: {
          description: 'One of the two, as was asked for.',
          ...closedObject(
            {
              url: { type: 'string', format: 'uri' },
              b64_json: { type: 'string', contentEncoding: 'base64' },
            },
            ['url', 'b64_json'],
          ),
        },
      },
      size: { type: 'string', pattern: '^\\d+x\\d+$' },
      output_format: { type: 'string' },
      usage: { type: 'object', description: "The vendor's count of tokens, where it has one." },
    },
    ['size', 'output_format', 'usage'],
  ),
  OpenAiError: closedObject({
    error: closedObject({
      message: { type: 'string' },
      type: { enum: ['invalid_request_error', 'rate_limit_error', 'server_error'] },
      param: nullable('string', { description: 'The field at fault.' }),
      code: { type: 'string' },
    }),
  }),
  OpenAiModel: closedObject({
    id: { type: 'string' },
    object: { const: 'model' },
    created: { const: 0, description: 'Not known.' },
    owned_by: { type: 'string' },
  }),
  OpenAiModelList: closedObject({
    object: { const: 'list' },
    data: { type: 'array', items: schema('OpenAiModel') },
  }),
};
