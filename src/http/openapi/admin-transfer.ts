import type { JsonObject } from '../../core/json/json-text.ts';
import {
  ADMIN_SECURITY,
  adminBodyProblems,
  adminProblems,
  KEY_CASES,
  KEY_PARAMETERS,
  queryParameter,
} from './admin-parts.ts';
import { type ApiPart, closedObject, jsonContent, nullable, schema } from './parts.ts';

const DIGEST: JsonObject = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const COUNT: JsonObject = { type: 'integer', minimum: 0 };
const NAME: JsonObject = { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' };
const TAG = 'Admin: transfer';

/** The import of an entry, on the path of the entries. */
export const IMPORT_ENTRY: JsonObject = {
  tags: [TAG],
  operationId: 'importEntry',
  summary: 'Store an entry of another store, once its pictures are here',
  description: 'It answers from now on; an entry that was there of the recipe stays as another take.',
  security: ADMIN_SECURITY,
  parameters: [
    queryParameter('scope', 'Whose entry it becomes, when not the scope that it names.', NAME),
    queryParameter('site', 'Which upstream it counts as drawn by, when not the one that it names.', NAME),
  ],
  requestBody: { required: true, content: jsonContent(schema('PortableEntry')) },
  responses: {
    200: { description: 'It is stored already.', content: jsonContent(schema('ImportedEntry')) },
    201: { description: 'It is stored.', content: jsonContent(schema('ImportedEntry')) },
    ...adminProblems({
      400: 'A field is malformed, does not belong to the others, or names a picture that is not here.',
      405: 'The path takes GET and POST.',
      413: 'The body has more than a million bytes.',
      415: 'The body is not JSON.',
    }),
  },
};

/** Entries on their way between stores. */
export const ADMIN_TRANSFER: ApiPart = {
  tag: {
    name: TAG,
    description:
      'From store to store: export the entries of a key, put the pictures that they name (read from `/blobs/{name}`), then post each entry.',
  },
  paths: {
    '/admin/api/entries/{key}/export': {
      get: {
        tags: [TAG],
        operationId: 'exportEntries',
        summary: 'The entries of a key as another store takes them',
        security: ADMIN_SECURITY,
        parameters: KEY_PARAMETERS,
        responses: {
          200: {
            description:
              'Those that answer, oldest first: imported in this order, the newest is the newest there.',
            content: jsonContent(
              closedObject({ entries: { type: 'array', items: schema('PortableEntry') } }),
            ),
          },
          ...adminProblems({ ...KEY_CASES, 405: 'The path takes GET.' }),
        },
      },
    },
    '/admin/api/blobs/{sha256}': {
      put: {
        tags: [TAG],
        operationId: 'putBlob',
        summary: 'Store a picture that an entry to be imported shows',
        description: 'Collection removes it an hour later if no entry has come to show it.',
        security: ADMIN_SECURITY,
        parameters: [{ name: 'sha256', in: 'path', required: true, schema: DIGEST }],
        requestBody: { required: true, content: { 'application/octet-stream': {}, 'image/*': {} } },
        responses: {
          200: {
            description: 'It is stored.',
            content: jsonContent(
              closedObject({
                sha256: DIGEST,
                width: COUNT,
                height: COUNT,
                media_type: { type: 'string' },
                bytes: COUNT,
              }),
            ),
          },
          ...adminBodyProblems({
            400: 'The bytes are no whole picture, or another one.',
            405: 'The path takes PUT.',
            413: 'The picture is larger than the server takes (DASHCACHE_MAX_IMAGE).',
          }),
        },
      },
    },
  },
  schemas: {
    PortableEntry: closedObject({
      site: NAME,
      scope: NAME,
      key: schema('CacheKey'),
      take: { type: 'integer', minimum: 1, maximum: 1_000_000 },
      canonical: { type: 'string', description: 'The canonical text that the key is the hash of.' },
      answer: {
        type: 'string',
        description: "The vendor's answer, with `image:0`, `image:1`, … where the URLs of the pictures were.",
      },
      upstream_request_id: nullable('string'),
      cost: { anyOf: [schema('Cost'), { type: 'null' }] },
      elapsed_ms: nullable('integer'),
      created_at: { type: 'string', format: 'date-time' },
      pinned: { type: 'boolean' },
      tags: { type: 'array', maxItems: 32, items: { type: 'string', minLength: 1, maxLength: 64 } },
      references: {
        type: 'array',
        maxItems: 100,
        items: closedObject({ field: { type: 'string' }, sha256: DIGEST }),
      },
      images: {
        type: 'array',
        minItems: 1,
        maxItems: 100,
        items: closedObject({ sha256: DIGEST }),
      },
    }),
    ImportedEntry: closedObject({
      site: NAME,
      scope: NAME,
      key: schema('CacheKey'),
      take: { type: 'integer', minimum: 1, description: 'The number that it has here.' },
      imported: { type: 'boolean', description: 'False when it was here already.' },
    }),
  },
};
