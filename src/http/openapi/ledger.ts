import type { JsonObject } from '../../core/json/json-text.ts';
import { type ApiPart, closedObject, jsonContent, problems, schema } from './parts.ts';

const COUNT: JsonObject = { type: 'integer', minimum: 0 };
const MONEY: JsonObject = { type: 'array', maxItems: 2, items: schema('Cost') };

const time = (name: string, description: string): JsonObject => ({
  name,
  in: 'query',
  description,
  schema: {
    anyOf: [
      { type: 'string', format: 'date' },
      { type: 'string', format: 'date-time' },
    ],
  },
});

const choice = (name: string, choices: readonly string[], description: string): JsonObject => ({
  name,
  in: 'query',
  description,
  schema: { enum: choices, default: choices[0] ?? null },
});

/** `GET /admin/api/ledger`. */
export const LEDGER: ApiPart = {
  tag: { name: 'Ledger', description: 'What requests came to, for whoever may look into the store.' },
  paths: {
    '/admin/api/ledger': {
      get: {
        tags: ['Ledger'],
        operationId: 'readLedger',
        summary: 'Requests, bytes, money and time by hour or day',
        description:
          "Of this server's site. Hours are kept for 90 days, then as the sum of their day (UTC) for ever. Units without requests are left out.",
        security: [{}, { adminToken: [] }],
        parameters: [
          time(
            'from',
            'Rounded down to the unit. Without it, the last day by hours or the last 30 days by days.',
          ),
          time('to', 'What is told begins before it. Without it, up to now.'),
          choice('by', ['hour', 'day'], 'The unit of time; days begin in UTC.'),
          choice('group', ['none', 'model', 'scope'], 'What is told apart beside it.'),
          choice('format', ['json', 'csv'], 'How rows are written.'),
        ],
        responses: {
          200: {
            description: 'The rows, by time.',
            content: {
              ...jsonContent(schema('Ledger')),
              'text/csv': { schema: { type: 'string' } },
            },
          },
          ...problems({
            400: 'A parameter is wrong, or there are more than 10,000 rows.',
            401: 'The admin token is missing or wrong.',
            403: 'The admin interface is closed, or in `local` mode another web page asks.',
            405: 'The path takes GET.',
            429: 'Too many wrong tokens from this address.',
          }),
        },
      },
    },
  },
  schemas: {
    Ledger: closedObject({ rows: { type: 'array', maxItems: 10_000, items: schema('LedgerRow') } }),
    LedgerRow: closedObject(
      {
        at: { type: 'string', format: 'date-time', description: 'The beginning of the unit.' },
        model: {
          type: 'string',
          description:
            '`other` for what is neither in the table of models nor in `DASHCACHE_MODELS`, or not known.',
        },
        scope: { type: 'string', description: '`other` where nobody vouches for the caller.' },
        hits: COUNT,
        misses: COUNT,
        coalesced: { ...COUNT, description: "Requests that waited for another's purchase." },
        bypassed: COUNT,
        errors: { ...COUNT, description: 'Requests for pictures answered with a status from 400 on.' },
        bytes: { ...COUNT, description: 'Of the pictures stored.' },
        spent: { ...MONEY, description: 'At list price, by currency.' },
        spent_unpriced: { ...COUNT, description: 'Purchases whose price is not known, which is not zero.' },
        avoided: { ...MONEY, description: 'What hits and coalesced requests did not cost.' },
        avoided_unpriced: { ...COUNT, description: 'Those of them whose price is not known.' },
        seconds_avoided: {
          type: 'number',
          minimum: 0,
          description: 'How long their pictures took to draw.',
        },
      },
      ['model', 'scope'],
    ),
  },
};
