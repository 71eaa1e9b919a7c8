import type { JsonObject } from '../../core/json/json-text.ts';
import {
  ADMIN_SECURITY,
  adminProblems,
  eventContent,
  PAGE_PARAMETERS,
  queryParameter,
} from './admin-parts.ts';
import { type ApiPart, closedObject, jsonContent, nullable, schema } from './parts.ts';

const COUNT: JsonObject = { type: 'integer', minimum: 0 };
const TIME: JsonObject = { type: 'string', format: 'date-time' };
const STATE: JsonObject = {
  enum: ['open', 'submitted', 'answered', 'stored', 'unstored', 'refused', 'failed', 'unknown'],
};

/** What is being bought, and what was. */
export const ADMIN_FLIGHTS: ApiPart = {
  tag: { name: 'Admin: flights', description: 'What is being bought, and what became of what was.' },
  paths: {
    '/admin/api/flights': {
      get: {
        tags: ['Admin: flights'],
        operationId: 'listFlights',
        summary: 'The flights in the air, oldest first',
        security: ADMIN_SECURITY,
        responses: {
          200: { description: 'They, right now.', content: jsonContent(schema('Flights')) },
          ...adminProblems({ 400: 'A parameter is not known.', 405: 'The path takes GET.' }),
        },
      },
    },
    '/admin/api/flights/events': {
      get: {
        tags: ['Admin: flights'],
        operationId: 'watchFlights',
        summary: 'The flights, whenever something changes',
        security: ADMIN_SECURITY,
        responses: {
          200: {
            description: 'Until the reader leaves or the server stops.',
            content: eventContent(
              'Events `flights`, each with what `/admin/api/flights` answers; at most four a second, one every 15 seconds when nothing changes.',
            ),
          },
          ...adminProblems({ 400: 'A parameter is not known.', 405: 'The path takes GET.' }),
        },
      },
    },
    '/admin/api/attempts': {
      get: {
        tags: ['Admin: flights'],
        operationId: 'listAttempts',
        summary: 'The records of purchases, changed last first',
        description: 'Kept for 30 days after they ended.',
        security: ADMIN_SECURITY,
        parameters: [queryParameter('state', 'Only those in this state.', STATE), ...PAGE_PARAMETERS],
        responses: {
          200: {
            description: 'A page of them.',
            content: jsonContent(
              closedObject({
                attempts: { type: 'array', maxItems: 200, items: schema('Attempt') },
                next_cursor: nullable('string', { description: 'Null on the last page.' }),
              }),
            ),
          },
          ...adminProblems({ 400: 'A parameter is malformed or not known.', 405: 'The path takes GET.' }),
        },
      },
    },
  },
  schemas: {
    Flights: closedObject({
      flights: {
        type: 'array',
        items: closedObject({
          attempt_id: { type: 'string' },
          model: { type: 'string' },
          state: {
            enum: ['open', 'submitted'],
            description: '`submitted`: the vendor has taken it as a task.',
          },
          stage: { enum: ['queued', 'running', 'downloading', 'stored', null] },
          waiters: { ...COUNT, description: 'Requests and tasks that want its picture.' },
          age_ms: COUNT,
        }),
      },
      queued: { ...COUNT, description: 'Purchases that wait for their turn upstream.' },
    }),
    Attempt: closedObject({
      id: { type: 'string' },
      site: { type: 'string' },
      scope: { type: 'string' },
      key: schema('CacheKey'),
      model: { type: 'string' },
      state: {
        ...STATE,
        description: '`unknown`: the connection ended after sending; it may have been paid for.',
      },
      upstream_task: nullable('string'),
      entry_id: nullable('integer', { description: 'What its pictures were stored as.' }),
      status: nullable('integer', { description: "Upstream's HTTP status." }),
      error: nullable('string'),
      created_at: TIME,
      updated_at: TIME,
    }),
  },
};
