import type { JsonObject } from '../../core/json/json-text.ts';
import { CACHE_HEADERS, CACHE_PARAMETERS } from './common.ts';
import { IMAGE_GENERATE_SCHEMAS } from './image-generate-schemas.ts';
import { type ApiPart, jsonContent, problems, schema } from './parts.ts';

const SECURITY: readonly JsonObject[] = [{}, { credential: [] }];

const PREFER: JsonObject = {
  name: 'Prefer',
  in: 'header',
  description: '`respond-async`: answer at once with a task, and draw meanwhile (RFC 7240).',
  schema: { type: 'string' },
};

const PROGRESS: JsonObject = {
  schema: {
    type: 'string',
    description:
      'For `Accept: text/event-stream`: events `queued`, `running`, `downloading` and `stored`, then `done` with the answer or `error` with the problem.',
  },
};

const WISH: JsonObject = { prompt: 'a paper boat crossing a puddle', size: '1328*1328', seed: 7 };

/** `image.generate`, and its tasks. */
export const IMAGE_GENERATE: ApiPart = {
  tag: { name: 'image.generate', description: 'A picture from words, the same for every model.' },
  paths: {
    '/v1/image.generate': {
      post: {
        tags: ['image.generate'],
        operationId: 'generateImage',
        summary: 'Draw a picture, or give the one that is stored',
        security: SECURITY,
        parameters: [...CACHE_PARAMETERS, PREFER],
        requestBody: {
          required: true,
          content: {
            ...jsonContent(schema('GenerateRequest'), WISH),
            'multipart/form-data': { schema: schema('GenerateForm') },
          },
        },
        responses: {
          200: {
            description: 'The picture.',
            headers: CACHE_HEADERS,
            content: { ...jsonContent(schema('GenerateAnswer')), 'text/event-stream': PROGRESS },
          },
          202: {
            description: 'The task that draws it.',
            headers: {
              Location: { description: 'Where to ask for the task.', schema: { type: 'string' } },
              'Preference-Applied': { schema: { const: 'respond-async' } },
              ...CACHE_HEADERS,
            },
            content: jsonContent(schema('GenerateTaskAccepted')),
          },
          ...problems({
            400: 'A field is missing, malformed or not known, or a reference image cannot be had.',
            401: 'No credential, or one that is not known here or to the vendor.',
            403: 'The vendor refuses the key, or in `local` mode another web page asks.',
            405: 'The path takes POST.',
            413: 'The body, with the pictures it names, is too large.',
            415: 'The body is neither JSON nor a form.',
            422: 'The vendor drew nothing, for the simplified prompt either.',
            429: 'Too much at once, here or at the vendor; `Retry-After` says when to come back.',
            502: 'The vendor cannot be reached, or its answer cannot be used.',
            503: 'The server is stopping, or the vendor does not vouch for the key right now.',
            504: 'The vendor took too long, or `only-if-cached` finds nothing.',
          }),
        },
      },
    },
    '/v1/image.generate/tasks/{id}': {
      get: {
        tags: ['image.generate'],
        operationId: 'findGenerateTask',
        summary: 'How far a task has come',
        security: SECURITY,
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: {
          200: { description: 'The task.', content: jsonContent(schema('GenerateTask')) },
          ...problems({
            401: 'No credential, or one that is not known here or to the vendor.',
            404: 'There is no such task for this credential, or it is forgotten.',
            405: 'The path takes GET.',
          }),
        },
      },
    },
  },
  schemas: IMAGE_GENERATE_SCHEMAS,
};
