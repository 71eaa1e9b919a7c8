import type { JsonObject } from '../../core/json-text.ts';
import { ADMIN_ENTRY_SCHEMAS } from './admin-entry-schemas.ts';
import { FILTER_PARAMETERS } from './admin-filter.ts';
import {
  ADMIN_SECURITY,
  adminBodyProblems,
  adminProblems,
  PAGE_PARAMETERS,
  queryParameter,
} from './admin-parts.ts';
import { type ApiPart, closedObject, jsonContent, nullable, schema } from './parts.ts';

const ADDRESS: readonly JsonObject[] = [
  { name: 'key', in: 'path', required: true, schema: schema('CacheKey') },
  queryParameter('scope', 'Whose entries; needed when several scopes hold the key.', { type: 'string' }),
  queryParameter('site', 'Which upstream drew them; needed when several did.', { type: 'string' }),
  queryParameter('take', 'Only this one of the entries.', { type: 'integer', minimum: 1 }),
];

const ADDRESS_CASES = {
  400: 'Several scopes or sites hold the key, or a parameter or field is malformed or not known.',
  404: 'No such entry is stored.',
};

const TAG: JsonObject = { type: 'string', minLength: 1, maxLength: 64 };

/** A change to the entries of a key. */
function change(operationId: string, summary: string, body?: JsonObject): JsonObject {
  return {
    tags: ['Admin: entries'],
    operationId,
    summary,
    security: ADMIN_SECURITY,
    parameters: ADDRESS,
    ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(body) } }),
    responses: {
      200: { description: 'It is done.', content: jsonContent(schema('ChangedEntries')) },
      ...(body === undefined
        ? adminProblems({ ...ADDRESS_CASES, 405: 'The path takes POST.' })
        : adminBodyProblems({ ...ADDRESS_CASES, 405: 'The path takes another method.' })),
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
            405: 'The path takes GET.',
          }),
        },
      },
    },
    '/admin/api/entries/{key}': {
      get: {
        tags: ['Admin: entries'],
        operationId: 'findEntries',
        summary: 'Everything known of the entries of a key',
        security: ADMIN_SECURITY,
        parameters: ADDRESS,
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
          ...adminProblems({ ...ADDRESS_CASES, 405: 'The path takes GET and DELETE.' }),
        },
      },
      delete: {
        tags: ['Admin: entries'],
        operationId: 'deleteEntries',
        summary: 'Delete the entries of a key, with the pictures that nobody else shows',
        security: ADMIN_SECURITY,
        parameters: ADDRESS,
        responses: {
          200: { description: 'What went.', content: jsonContent(schema('Removed')) },
          ...adminProblems({ ...ADDRESS_CASES, 405: 'The path takes GET and DELETE.' }),
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
