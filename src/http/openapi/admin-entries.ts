import type { JsonObject } from '../../core/json/json-text.ts';
import { ADMIN_ENTRY_SCHEMAS } from './admin-entry-schemas.ts';
import { FILTER_PARAMETERS } from './admin-filter.ts';
import {
  ADMIN_SECURITY,
  adminBodyProblems,
  adminProblems,
  KEY_CASES,
  KEY_PARAMETERS,
  PAGE_PARAMETERS,
  queryParameter,
} from './admin-parts.ts';
import { IMPORT_ENTRY } from './admin-transfer.ts';
import { type ApiPart, closedObject, jsonContent, nullable, schema } from './parts.ts';

const TAG: JsonObject = { type: 'string', minLength: 1, maxLength: 64 };

/** A change to the entries of a key. */
function change(operationId: string, summary: string, body?: JsonObject): JsonObject {
  return {
    tags: ['Admin: entries'],
    operationId,
    summary,
    security: ADMIN_SECURITY,
    parameters: KEY_PARAMETERS,
    ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(body) } }),
    responses: {
      200: { description: 'It is done.', content: jsonContent(schema('ChangedEntries')) },
      ...(body === undefined
        ? adminProblems({ ...KEY_CASES, 405: 'The path takes POST.' })
        : adminBodyProblems({ ...KEY_CASES, 405: 'The path takes another method.' })),
    },
  };
}

/** The entries, and what people do to them. */
export const ADMIN_ENTRIES: ApiPart = {
  tag: { name: 'Admin: entries', description: 'What is stored, for whoever may look into the store.' },
  paths: {
    '/admin/api/entries': {
      get: {
        tags: ['Admin: entries'],
        operationId: 'listEntries',
        summary: 'Search and list entries',
        security: ADMIN_SECURITY,
        parameters: [
          ...FILTER_PARAMETERS,
          queryParameter('sort', 'The highest come first.', {
            enum: ['created', 'used', 'hits'],
            default: 'created',
          }),
          ...PAGE_PARAMETERS,
        ],
        responses: {
          200: {
            description: 'A page of them.',
            content: jsonContent(
              closedObject({
                entries: { type: 'array', maxItems: 200, items: schema('EntrySummary') },
                next_cursor: nullable('string', { description: 'Null on the last page.' }),
              }),
            ),
          },
          ...adminProblems({
            400: 'A parameter is malformed, given twice or not known.',
            405: 'The path takes GET and POST.',
          }),
        },
      },
      post: IMPORT_ENTRY,
    },
    '/admin/api/entries/{key}': {
      get: {
        tags: ['Admin: entries'],
        operationId: 'findEntries',
        summary: 'Everything known of the entries of a key',
        security: ADMIN_SECURITY,
        parameters: [
          ...KEY_PARAMETERS,
          queryParameter('all', 'Those of every scope and site that holds the key.', { type: 'boolean' }),
        ],
        responses: {
          200: {
            description: 'Its takes, newest first.',
            content: jsonContent(
              closedObject({
                key: schema('CacheKey'),
                takes: { type: 'array', minItems: 1, items: schema('EntryDetail') },
              }),
            ),
          },
          ...adminProblems({ ...KEY_CASES, 405: 'The path takes GET and DELETE.' }),
        },
      },
      delete: {
        tags: ['Admin: entries'],
        operationId: 'deleteEntries',
        summary: 'Delete the entries of a key, with the pictures that nobody else shows',
        security: ADMIN_SECURITY,
        parameters: KEY_PARAMETERS,
        responses: {
          200: { description: 'What went.', content: jsonContent(schema('Removed')) },
          ...adminProblems({ ...KEY_CASES, 405: 'The path takes GET and DELETE.' }),
        },
      },
    },
    '/admin/api/entries/{key}/pin': {
      post: change(
        'pinEntries',
        'Keep entries from eviction, or no longer',
        closedObject({ pinned: { type: 'boolean' } }),
      ),
    },
    '/admin/api/entries/{key}/tags': {
      put: change(
        'tagEntries',
        'Replace the tags of entries',
        closedObject({ tags: { type: 'array', maxItems: 32, items: TAG } }),
      ),
    },
    '/admin/api/entries/{key}/invalidate': {
      post: change('invalidateEntries', 'Have entries answer nobody any more: the next request buys'),
    },
  },
  schemas: ADMIN_ENTRY_SCHEMAS,
};
