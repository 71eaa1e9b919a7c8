import * as v from 'valibot';
import { closed, means } from '../../core/schema.ts';
import { type Answer, type ApiPart, json } from './operation.ts';

const DashScopeError = means(
  "An error in DashScope's own form.",
  closed({ code: v.string(), message: v.string(), request_id: v.string() }),
);

const NAME = {
  name: means(
    'SHA-256 of the bytes in hex, with or without the extension of its type.',
    v.pipe(v.string(), v.regex(/^[0-9a-f]{64}(\.[a-z]+)?$/)),
  ),
};

const CONDITIONS = { 'If-None-Match': v.string(), 'If-Modified-Since': v.string() };

const HEADERS = {
  ETag: means('Strong: the SHA-256 of the bytes.', v.string()),
  'Cache-Control': v.literal('public, max-age=31536000, immutable'),
  'Repr-Digest': means('RFC 9530.', v.string()),
};

const PICTURE = { 'image/*': undefined };
const NOT_MODIFIED: Answer = { is: 'The caller has these bytes.' };
const NOT_FOUND = 'There is no such picture.';

/** The stored pictures. */
export const BLOBS: ApiPart = {
  tag: 'Pictures',
  about:
    'The bytes of stored pictures. Whoever knows the address of a picture may read it: no credential is asked.',
  paths: {
    '/blobs/{name}': {
      get: {
        id: 'readBlob',
        does: 'Read the bytes of a picture',
        path: NAME,
        headers: { ...CONDITIONS, Range: means('One range of bytes.', v.string()) },
        answers: {
          200: { is: 'The whole picture.', headers: HEADERS, content: PICTURE },
          206: { is: 'The range of it.', headers: HEADERS, content: PICTURE },
          304: NOT_MODIFIED,
          404: { is: NOT_FOUND, content: json(DashScopeError) },
          416: { is: 'The picture has no such range.' },
        },
      },
      head: {
        id: 'headBlob',
        does: 'Read the headers alone',
        path: NAME,
        headers: CONDITIONS,
        answers: {
          200: { is: 'The picture is there.', headers: HEADERS },
          304: NOT_MODIFIED,
          404: { is: NOT_FOUND },
        },
      },
    },
  },
  schemas: { DashScopeError },
};
