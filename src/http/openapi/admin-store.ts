import type { JsonObject } from '../../core/json/json-text.ts';
import { FILTER_PROPERTIES } from './admin-filter.ts';
import { ADMIN_SECURITY, adminBodyProblems, adminProblems, eventContent } from './admin-parts.ts';
import { type ApiPart, closedObject, jsonContent, schema } from './parts.ts';

const COUNT: JsonObject = { type: 'integer', minimum: 0 };

const share = (kind: 'model' | 'scope'): JsonObject => ({
  type: 'array',
  items: closedObject({ [kind]: { type: 'string' }, entries: COUNT, bytes: COUNT, hits: COUNT }),
});

const POST_ONLY = { 400: 'A parameter is not known.', 405: 'The path takes POST.' };

/** Long work that tells how far it is. */
function work(operationId: string, summary: string, result: JsonObject): JsonObject {
  return {
    tags: ['Admin: store'],
    operationId,
    summary,
    description: 'Goes on when the caller leaves.',
    security: ADMIN_SECURITY,
    responses: {
      200: {
        description: 'What it came to.',
        content: {
          ...jsonContent(result),
          ...eventContent(
            'For `Accept: text/event-stream`: `progress` with the same counts so far, then `done` or `error`.',
          ),
        },
      },
      ...adminProblems(POST_ONLY),
    },
  };
}

/** The store as a whole. */
export const ADMIN_STORE: ApiPart = {
  tag: { name: 'Admin: store', description: 'How much there is, and what cleans it.' },
  paths: {
    '/admin/api/stats': {
      get: {
        tags: ['Admin: store'],
        operationId: 'readStatistics',
        summary: 'How much is stored, by model and by scope',
        security: ADMIN_SECURITY,
        responses: {
          200: { description: 'The sums.', content: jsonContent(schema('Statistics')) },
          ...adminProblems({ 400: 'A parameter is not known.', 405: 'The path takes GET.' }),
        },
      },
    },
    '/admin/api/purge': {
      post: {
        tags: ['Admin: store'],
        operationId: 'purge',
        summary: 'Delete every entry that a filter fits, pinned ones too',
        security: ADMIN_SECURITY,
        requestBody: {
          required: true,
          content: jsonContent(schema('PurgeRequest'), {
            filter: { min_age: '30d', pinned: false },
            dry_run: true,
          }),
        },
        responses: {
          200: { description: 'What went, or would go.', content: jsonContent(schema('Purge')) },
          ...adminBodyProblems({
            400: 'A field is malformed or not known, or nothing is filtered and `all` is not said.',
            405: 'The path takes POST.',
          }),
        },
      },
    },
    '/admin/api/verify': {
      post: work('verify', 'Read every stored picture and mend what is damaged', schema('Verification')),
    },
    '/admin/api/collect': {
      post: work('collect', 'Bring the store within its bounds now', schema('Removed')),
    },
  },
  schemas: {
    Statistics: closedObject({
      entries: COUNT,
      blobs: COUNT,
      bytes: { ...COUNT, description: 'Sizes of the distinct pictures.' },
      models: share('model'),
      scopes: share('scope'),
      cost: {
        description: "By the ledger of this server's site, at list price.",
        type: 'array',
        maxItems: 2,
        items: closedObject({
          currency: { enum: ['CNY', 'USD'] },
          spent: { type: 'number', minimum: 0 },
          avoided: { type: 'number', minimum: 0 },
        }),
      },
    }),
    PurgeRequest: closedObject(
      {
        filter: closedObject(FILTER_PROPERTIES, Object.keys(FILTER_PROPERTIES)),
        all: { type: 'boolean', description: 'Everything goes; instead of a filter.', default: false },
        dry_run: { type: 'boolean', description: 'Only count.', default: false },
      },
      ['filter', 'all', 'dry_run'],
    ),
    Purge: closedObject({
      entries: COUNT,
      blobs: { ...COUNT, description: 'Pictures that no other entry shows.' },
      bytes: COUNT,
      sample: { description: 'The newest.', type: 'array', maxItems: 10, items: schema('EntrySummary') },
    }),
    Verification: closedObject({
      checked: COUNT,
      damaged: { ...COUNT, description: 'Missing, or other bytes than were stored.' },
      healed: { ...COUNT, description: 'Fetched again.' },
      dropped: { ...COUNT, description: 'Not to be had any more: their entries went.' },
    }),
  },
};
