import * as v from 'valibot';
import { closed, jsonObject } from '../../core/schema.ts';
import { PROBLEM } from './admin-operation.ts';
import { type ApiPart, json } from './operation.ts';

const status = (word: string) => json(closed({ status: v.literal(word) }));

/** What supervisors and readers of this document ask for. */
export const OPERATIONS: ApiPart = {
  tag: 'Operations',
  about: 'For supervisors and monitoring.',
  paths: {
    '/healthz': {
      get: {
        id: 'isAlive',
        does: 'Ask whether the process lives',
        answers: { 200: { is: 'It does.', content: status('ok') } },
      },
    },
    '/readyz': {
      get: {
        id: 'isReady',
        does: 'Ask whether database, blobs and references can really be used',
        answers: {
          200: { is: 'They can.', content: status('ready') },
          503: { is: 'They cannot. The log says why.', content: status('not ready') },
        },
      },
    },
    '/metrics': {
      get: {
        id: 'readMetrics',
        does: 'Read counters and gauges for Prometheus',
        access: 'admin',
        answers: {
          200: { is: 'The text exposition format, version 0.0.4.', content: { 'text/plain': v.string() } },
        },
        failsAs: PROBLEM,
        failures: {
          401: 'The admin token is missing or wrong.',
          403: 'The admin interface is closed, or in `local` mode another web page asks.',
          429: 'Too many wrong tokens from this address.',
        },
      },
    },
    '/openapi.json': {
      get: {
        id: 'describe',
        does: 'Read this description',
        answers: {
          200: { is: 'OpenAPI 3.1.', content: json(v.pipe(jsonObject, v.metadata({ type: 'object' }))) },
        },
      },
    },
    '/docs': {
      get: {
        id: 'readDocs',
        does: 'Read this description as a page',
        answers: { 200: { is: 'HTML without scripts.', content: { 'text/html': undefined } } },
      },
    },
  },
  schemas: {},
};
