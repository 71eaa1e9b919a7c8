import { CACHE_PARAMETERS } from './common.ts';
import { type ApiPart, closedObject, jsonContent, nullable, problems, schema } from './parts.ts';

/** `POST /admin/api/explain`. */
export const EXPLAIN: ApiPart = {
  tag: { name: 'Admin', description: 'For whoever may look into the store.' },
  paths: {
    '/admin/api/explain': {
      post: {
        tags: ['Admin'],
        operationId: 'explain',
        summary: 'What would become of a request, and why',
        description:
          'Send any request body in any dialect, with its own headers. Nothing is bought, counted or stored; only reference images are fetched.',
        security: [{}, { adminToken: [] }],
        parameters: [
          {
            name: 'scope',
            in: 'query',
            description:
              "Whose entries are looked at, as in `token:NAME` or `shared`. In `local` mode it is the caller's own unless it is named.",
            schema: { type: 'string', pattern: '^[!-~]{1,200}$' },
          },
          ...CACHE_PARAMETERS,
        ],
        requestBody: {
          required: true,
          content: jsonContent(
            { type: 'object' },
            { prompt: 'a paper boat crossing a puddle', size: '1328*1328', seed: 7 },
          ),
        },
        responses: {
          200: { description: 'The explanation.', content: jsonContent(schema('Explanation')) },
          ...problems({
            400: 'The request that is asked about would be refused, and so is the question.',
            401: 'The admin token is missing or wrong.',
            403: 'The admin interface is closed, or in `local` mode another web page asks.',
            405: 'The path takes POST.',
            413: 'The body, with the pictures it names, is too large.',
            415: 'The body is not JSON.',
            429: 'Too many wrong tokens from this address, or too many bodies at once.',
          }),
        },
      },
    },
  },
  schemas: {
    Explanation: closedObject(
      {
        dialect: { enum: ['dashscope', 'image.generate', 'openai'] },
        model: { type: 'string' },
        key: { anyOf: [schema('CacheKey'), { type: 'null' }], description: 'Null where nothing is cached.' },
        scope: { type: 'string', description: 'Whose entries were looked at.' },
        canonical: nullable('object', {
          description: 'Everything that is in the key, in its one spelling.',
        }),
        excluded: {
          description: 'What was sent, but is not in the key.',
          type: 'array',
          items: closedObject({ field: { type: 'string' }, reason: { type: 'string' } }),
        },
        result: {
          description:
            '`hit`: a stored entry is given. `miss`: it is bought and stored. `bypass`: it goes on to the vendor whatever is stored. `foreign`: no image model.',
          enum: ['hit', 'miss', 'bypass', 'foreign'],
        },
        reason: { type: 'string' },
        entry: {
          description: 'The stored entry that is given, or would be, were it not for the reason.',
          ...closedObject({
            id: { type: 'integer' },
            take: { type: 'integer', minimum: 1 },
            created_at: { type: 'string', format: 'date-time' },
            hits: { type: 'integer', minimum: 0 },
          }),
        },
        cost: {
          anyOf: [schema('Cost'), { type: 'null' }],
          description:
            'What buying it costs, also where nothing has to be bought; null when that is not known.',
        },
        nearest: {
          description: 'Other entries of the scope, those that differ in the fewest fields first.',
          type: 'array',
          maxItems: 5,
          items: closedObject({
            key: schema('CacheKey'),
            prompt: { type: 'string' },
            created_at: { type: 'string', format: 'date-time' },
            differences: {
              type: 'array',
              minItems: 1,
              items: closedObject({
                field: { type: 'string' },
                asked: { description: 'What the request says; null where it says nothing.' },
                stored: { description: 'What the entry was drawn from.' },
              }),
            },
          }),
        },
      },
      ['entry'],
    ),
  },
};
