import { type ApiPart, closedObject, jsonContent } from './parts.ts';

const status = (word: string) => jsonContent(closedObject({ status: { const: word } }));

/** What supervisors and readers of this document ask for. */
export const OPERATIONS: ApiPart = {
  tag: { name: 'Operations', description: 'Open to everybody; they name no internals.' },
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
        summary: 'Whether database and blobs can really be used',
        security: [],
        responses: {
          200: { description: 'They can.', content: status('ready') },
          503: { description: 'They cannot; why is in the log.', content: status('not ready') },
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
