import type { JsonObject } from '../../core/json/json-text.ts';
import { CACHE_HEADERS, CACHE_PARAMETERS } from './common.ts';
import { OPENAI_SCHEMAS } from './openai-schemas.ts';
import { type ApiPart, type FailureCases, failures, jsonContent, schema } from './parts.ts';

const SECURITY: readonly JsonObject[] = [{}, { credential: [] }];

const refusals = (cases: FailureCases) => failures(jsonContent(schema('OpenAiError')), cases);

const IMAGES: JsonObject = {
  200: {
    description: 'The pictures.',
    headers: CACHE_HEADERS,
    content: { ...jsonContent(schema('OpenAiImages')), 'text/event-stream': {} },
  },
  ...refusals({
    400: 'A field is missing, malformed or has no counterpart, or a picture cannot be had.',
    401: 'No credential, or one that is not known here or to the vendor.',
    403: 'The vendor refuses the key, or in `local` mode another web page asks.',
    404: 'There is no such model.',
    405: 'The path takes POST.',
    413: 'The body, with the pictures it names, is too large.',
    415: 'The body is of no type that is read here.',
    422: 'The vendor drew nothing.',
    429: 'Too much at once, here or at the vendor.',
    500: 'The picture was drawn, but could not be stored to be encoded; the message says where it is.',
    502: 'The vendor cannot be reached, or its answer cannot be used.',
    503: 'The server is stopping, or the vendor does not vouch for the key right now.',
    504: 'The vendor took too long, or `only-if-cached` finds nothing.',
  }),
};

const MODEL_FAILURES = refusals({
  401: 'No credential, or one that is not known here.',
  405: 'The path takes GET.',
});

/** The subset of OpenAI's API that its SDKs need for pictures. */
export const OPENAI: ApiPart = {
  tag: { name: 'OpenAI', description: "OpenAI's images API, over the same store." },
  paths: {
    '/v1/images/generations': {
      post: {
        tags: ['OpenAI'],
        operationId: 'createImage',
        summary: 'Draw pictures from words',
        security: SECURITY,
        parameters: CACHE_PARAMETERS,
        requestBody: {
          required: true,
          content: jsonContent(schema('OpenAiGeneration'), {
            model: 'qwen-image-max',
            prompt: 'a paper boat crossing a puddle',
            size: '1328x1328',
          }),
        },
        responses: IMAGES,
      },
    },
    '/v1/images/edits': {
      post: {
        tags: ['OpenAI'],
        operationId: 'createImageEdit',
        summary: 'Draw pictures from pictures and words',
        security: SECURITY,
        parameters: CACHE_PARAMETERS,
        requestBody: {
          required: true,
          content: {
            ...jsonContent(schema('OpenAiEdit')),
            'multipart/form-data': { schema: schema('OpenAiEdit') },
          },
        },
        responses: IMAGES,
      },
    },
    '/v1/models': {
      get: {
        tags: ['OpenAI'],
        operationId: 'listModels',
        summary: 'The image models',
        security: SECURITY,
        responses: {
          200: { description: 'All of them.', content: jsonContent(schema('OpenAiModelList')) },
          ...MODEL_FAILURES,
        },
      },
    },
    '/v1/models/{id}': {
      get: {
        tags: ['OpenAI'],
        operationId: 'retrieveModel',
        summary: 'One image model',
        security: SECURITY,
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: {
          200: { description: 'The model.', content: jsonContent(schema('OpenAiModel')) },
          ...MODEL_FAILURES,
          ...refusals({ 404: 'There is no such model.' }),
        },
      },
    },
  },
  schemas: OPENAI_SCHEMAS,
};
