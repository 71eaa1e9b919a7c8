import { DEFAULT_MODEL } from '../../core/dialects/normalized-request.ts';
import type { JsonObject } from '../../core/json/json-text.ts';
import { closedObject, nullable, schema } from './parts.ts';

const REFERENCE: JsonObject = {
  type: 'string',
  description: 'An http(s) URL, a `data:…;base64,` URI, an `oss://` name or the URL of a stored picture.',
};

const REQUEST: JsonObject = closedObject(
  {
    prompt: { type: 'string', minLength: 1, description: 'What to draw.' },
    size: {
      type: 'string',
      description: 'Width and height in pixels as `W*H`, or a name that the model knows, such as `2K`.',
      pattern: '^([1-9]\\d{0,4}[*xX][1-9]\\d{0,4}|[1-4]K)$',
    },
    negative_prompt: nullable('string', { description: 'What not to draw.' }),
    style: nullable('string'),
    seed: nullable('integer', {
      minimum: -1,
      maximum: 2_147_483_647,
      description: 'Absent, null or -1: any. The model may not follow it to the pixel.',
    }),
    reference_image: {
      description: 'One picture to draw from, or several in their order.',
      anyOf: [REFERENCE, { type: 'array', items: REFERENCE }, { type: 'null' }],
    },
    model: nullable('string', { default: DEFAULT_MODEL, description: 'An official id.' }),
    n: nullable('integer', { minimum: 1, default: 1, description: 'How many pictures.' }),
    take: nullable('integer', {
      minimum: 1,
      maximum: 1000,
      description: 'Which take of this picture; one that is not stored is bought.',
    }),
  },
  ['negative_prompt', 'style', 'seed', 'reference_image', 'model', 'n', 'take'],
);

const FORM: JsonObject = {
  type: 'object',
  description: 'The same fields as texts.',
  properties: {
    prompt: { type: 'string' },
    size: { type: 'string' },
    reference_image: {
      description: 'Files, or texts that name pictures.',
      type: 'array',
      items: { type: 'string' },
    },
  },
  required: ['prompt', 'size'],
};

const PIXELS = nullable('integer', { minimum: 1, description: 'Read from the stored picture itself.' });

const IMAGE: JsonObject = {
  description: 'One picture; what only a stored one tells is null for one that could not be kept.',
  ...closedObject({
    url: { type: 'string', format: 'uri' },
    width: PIXELS,
    height: PIXELS,
    sha256: nullable('string', { pattern: '^[0-9a-f]{64}$' }),
    media_type: nullable('string', { pattern: '^image/' }),
    bytes: nullable('integer', { minimum: 1 }),
  }),
};

const ANSWER: JsonObject = closedObject(
  {
    image_url: { type: 'string', format: 'uri', description: 'The first picture.' },
    width: PIXELS,
    height: PIXELS,
    seed: nullable('integer', { description: 'As asked for; the vendor tells none.' }),
    images: { type: 'array', minItems: 1, items: schema('GeneratedImage') },
    cached: { type: 'boolean', description: 'Nothing had to be drawn for it.' },
    key: {
      anyOf: [schema('CacheKey')],
      description: 'Only for callers who may look into the store.',
    },
    take: nullable('integer', { minimum: 1, description: 'Null where nothing was stored.' }),
    model: { type: 'string' },
    cost: {
      anyOf: [schema('Cost'), { type: 'null' }],
      description: 'What drawing it cost; null when that is not known.',
    },
    spent: nullable('number', { minimum: 0, description: 'What this request paid of it.' }),
    avoided: nullable('number', { minimum: 0, description: 'What it did not have to pay.' }),
    request_id: { type: 'string' },
    simplified_prompt: {
      type: 'string',
      description: 'What was drawn instead: the prompt itself drew nothing.',
    },
  },
  ['key', 'simplified_prompt'],
);

const TASK_ID: JsonObject = { type: 'string', format: 'uuid' };

/** The words of `image.generate`. */
export const IMAGE_GENERATE_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  GenerateRequest: REQUEST,
  GenerateForm: FORM,
  GenerateAnswer: ANSWER,
  GeneratedImage: IMAGE,
  GenerateTaskAccepted: closedObject({
    task_id: TASK_ID,
    status: { const: 'queued' },
    request_id: { type: 'string' },
  }),
  GenerateTask: closedObject(
    {
      task_id: TASK_ID,
      status: { enum: ['queued', 'running', 'succeeded', 'failed', 'canceled'] },
      result: { anyOf: [schema('GenerateAnswer')], description: 'Once it has succeeded.' },
      error: { anyOf: [schema('Problem')], description: 'Once it has failed.' },
      request_id: { type: 'string' },
    },
    ['result', 'error'],
  ),
};
