import * as v from 'valibot';
import { closed, means } from '../../core/schema.ts';
import { type ApiPart, type DescribedAnswer, json } from './operation.ts';

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

const IMAGE = { 'image/*': undefined };
const NOT_MODIFIED: DescribedAnswer = { is: 'The caller has these bytes.' };
const NOT_FOUND = 'There is no such image.';

/** The stored images. */
export const BLOBS: ApiPart = {
  tag: 'Images',
  about:
    'The bytes of stored images. Whoever knows the address of an image may read it: no credential is asked.',
  paths: {
    '/blobs/{name}': {
      get: {
        id: 'readBlob',
        does: 'Read the bytes of an image',
        path: NAME,
        headers: { ...CONDITIONS, Range: means('One range of bytes.', v.string()) },
        answers: {
          200: { is: 'The whole image.', headers: HEADERS, content: IMAGE },
          206: { is: 'The range of it.', headers: HEADERS, content: IMAGE },
          304: NOT_MODIFIED,
          404: { is: NOT_FOUND, content: json(DashScopeError) },
          416: { is: 'The image has no such range.' },
        },
      },
      head: {
        id: 'headBlob',
        does: 'Read the headers alone',
        path: NAME,
        headers: CONDITIONS,
        answers: {
          200: { is: 'The image is there.', headers: HEADERS },
          304: NOT_MODIFIED,
          404: { is: NOT_FOUND },
        },
      },
    },
  },
  schemas: { DashScopeError },
};
