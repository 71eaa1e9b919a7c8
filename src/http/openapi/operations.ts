import { type ApiPart, closedObject, jsonContent, problems } from './parts.ts';

const status = (word: string) => jsonContent(closedObject({ status: { const: word } }));

/** What supervisors and readers of this document ask for. */
export const OPERATIONS: ApiPart = {
  tag: { name: 'Operations', description: 'For supervisors and monitoring.' },
  paths: {
    '/healthz': {
      get: {
        tags: ['Operations'],
        operationId: 'isAlive',
        summary: 'Whether the process lives',
        security: [],
        responses: { 200: { description: 'It does.', content: status('ok') } },
      },
    },
    '/readyz': {
      get: {
        tags: ['Operations'],
        operationId: 'isReady',
        summary: 'Whether database, blobs and references can really be used',
        security: [],
        responses: {
          200: { description: 'They can.', content: status('ready') },
          503: { description: 'They cannot; why is in the log.', content: status('not ready') },
        },
      },
    },
    '/metrics': {
      get: {
        tags: ['Operations'],
        operationId: 'readMetrics',
        summary: 'Counters and gauges for Prometheus',
        security: [{}, { adminToken: [] }],
        responses: {
          200: {
            description: 'The text exposition format, version 0.0.4.',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
          ...problems({
            401: 'The admin token is missing or wrong.',
            403: 'The admin interface is closed, or in `local` mode another web page asks.',
            405: 'The path takes GET.',
            429: 'Too many wrong tokens from this address.',
          }),
        },
      },
    },
    '/openapi.json': {
      get: {
        tags: ['Operations'],
        operationId: 'describe',
        summary: 'This description',
        security: [],
        responses: { 200: { description: 'OpenAPI 3.1.', content: jsonContent({ type: 'object' }) } },
      },
    },
    '/docs': {
      get: {
        tags: ['Operations'],
        operationId: 'readDocs',
        summary: 'This description as a page',
        security: [],
        responses: { 200: { description: 'HTML without scripts.', content: { 'text/html': {} } } },
      },
    },
  },
  schemas: {},
};
