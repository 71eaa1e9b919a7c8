import type { JsonObject } from '../../core/json/json-text.ts';
import { ADMIN_ENTRIES } from './admin-entries.ts';
import { ADMIN_FLIGHTS } from './admin-flights.ts';
import { ADMIN_STORE } from './admin-store.ts';
import { ADMIN_TRANSFER } from './admin-transfer.ts';
import { BLOBS } from './blobs.ts';
import { COMMON_SCHEMAS } from './common.ts';
import { EXPLAIN } from './explain.ts';
import { IMAGE_GENERATE } from './image-generate.ts';
import { LEDGER } from './ledger.ts';
import { OPENAI } from './openai.ts';
import { OPERATIONS } from './operations.ts';
import type { ApiPart } from './parts.ts';

/** The parts of our own interface, in the order of the page. DashScope's own paths are the vendor's to describe. */
export const API_PARTS: readonly ApiPart[] = [
  IMAGE_GENERATE,
  OPENAI,
  BLOBS,
  EXPLAIN,
  ADMIN_ENTRIES,
  ADMIN_TRANSFER,
  ADMIN_STORE,
  ADMIN_FLIGHTS,
  LEDGER,
  OPERATIONS,
];

function merged(
  parts: readonly Readonly<Record<string, JsonObject>>[],
): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}

/** The OpenAPI 3.1 description of everything here that is not DashScope's. */
export const OPENAPI_DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'dashcache',
    version: '1',
    summary: 'Pay for each image once.',
    description:
      "A content-addressed cache of generated images. Beside what is described here it speaks DashScope's own protocol under `/api/v1`.",
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  tags: API_PARTS.map(({ tag }) => tag),
  paths: merged(API_PARTS.map(({ paths }) => paths)),
  components: {
    schemas: merged([COMMON_SCHEMAS, ...API_PARTS.map(({ schemas }) => schemas)]),
    securitySchemes: {
      credential: {
        type: 'http',
        scheme: 'bearer',
        description:
          "A DashScope key, or where the server gives out tokens, one of them. In `local` mode the server's key stands in.",
      },
      adminToken: {
        type: 'http',
        scheme: 'bearer',
        description: 'The admin token. In `local` mode it is asked for only if one is set.',
      },
    },
  },
} satisfies JsonObject;
