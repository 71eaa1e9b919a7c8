import type { JsonObject } from '../../core/json/json-text.ts';
import { type ApiPart, schema } from './parts.ts';

const NAME: JsonObject = {
  name: 'name',
  in: 'path',
  required: true,
  description: 'SHA-256 of the bytes in hex, with or without the extension of its type.',
  schema: { type: 'string', pattern: '^[0-9a-f]{64}(\\.[a-z]+)?$' },
};

const CONDITIONS: readonly JsonObject[] = ['If-None-Match', 'If-Modified-Since'].map((name) => ({
  name,
  in: 'header',
  schema: { type: 'string' },
}));

const RANGE: JsonObject = {
  name: 'Range',
  in: 'header',
  description: 'One range of bytes.',
  schema: { type: 'string' },
};

const HEADERS: JsonObject = {
  ETag: { description: 'Strong: the SHA-256 of the bytes.', schema: { type: 'string' } },
  'Cache-Control': { schema: { const: 'public, max-age=31536000, immutable' } },
  'Repr-Digest': { description: 'RFC 9530.', schema: { type: 'string' } },
};

const NOT_MODIFIED: JsonObject = { description: 'The caller has these bytes.' };
const NOT_FOUND: JsonObject = {
  description: 'There is no such picture.',
  content: { 'application/json': { schema: schema('DashScopeError') } },
};

/** The stored pictures. */
export const BLOBS: ApiPart = {
  tag: {
    name: 'Pictures',
    description: 'The bytes. A picture’s address is a capability: no credential is asked.',
  },
  paths: {
    '/blobs/{name}': {
      get: {
        tags: ['Pictures'],
        operationId: 'readBlob',
        summary: 'The bytes of a picture',
        security: [],
        parameters: [NAME, ...CONDITIONS, RANGE],
        responses: {
          200: { description: 'The whole picture.', headers: HEADERS, content: { 'image/*': {} } },
          206: { description: 'The range of it.', headers: HEADERS, content: { 'image/*': {} } },
          304: NOT_MODIFIED,
          404: NOT_FOUND,
          416: { description: 'The picture has no such range.' },
        },
      },
      head: {
        tags: ['Pictures'],
        operationId: 'headBlob',
        summary: 'The same without the bytes',
        security: [],
        parameters: [NAME, ...CONDITIONS],
        responses: {
          200: { description: 'It is there.', headers: HEADERS },
          304: NOT_MODIFIED,
          404: { description: 'There is no such picture.' },
        },
      },
    },
  },
  schemas: {
    DashScopeError: {
      description: 'An error as DashScope tells it.',
      type: 'object',
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        request_id: { type: 'string' },
      },
      required: ['code', 'message', 'request_id'],
      additionalProperties: false,
    },
  },
};
