import type { JsonObject } from '../../core/json/json-text.ts';
import { closedObject } from './parts.ts';

/** What several parts name. */
export const COMMON_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  Problem: {
    description: 'An error (RFC 9457). `code` is stable, `detail` is for people.',
    ...closedObject(
      {
        type: { const: 'about:blank' },
        title: { type: 'string', description: "The status's own name." },
        status: { type: 'integer', minimum: 400, maximum: 599 },
        detail: { type: 'string', description: 'What went wrong, and what to do about it.' },
        code: { type: 'string', pattern: '^[a-z_]+$' },
        field: { type: 'string', description: 'The field of the request that is at fault, as a path.' },
        upstream_code: { type: 'string', description: "The vendor's own code, where it refused." },
        request_id: { type: 'string' },
      },
      ['field', 'upstream_code'],
    ),
  },
  Cost: {
    description: "Money at the vendor's list price.",
    ...closedObject({
      amount: { type: 'number', minimum: 0 },
      currency: { enum: ['CNY', 'USD'] },
    }),
  },
  CacheKey: {
    description: 'The hash of everything that can change a pixel.',
    type: 'string',
    pattern: '^k1:[0-9a-f]{32}$',
  },
};

/** Headers that steer the cache, for whatever draws. */
export const CACHE_PARAMETERS: readonly JsonObject[] = [
  {
    name: 'Cache-Control',
    in: 'header',
    description:
      '`no-cache` buys a further take, `no-store` neither reads nor stores, `only-if-cached` answers 504 instead of buying, `max-age=N` takes entries of at most N seconds.',
    schema: { type: 'string' },
  },
  {
    name: 'X-Dashcache-Take',
    in: 'header',
    description: 'Which take of the picture is meant; one that is not stored is bought.',
    schema: { type: 'integer', minimum: 1, maximum: 1000 },
  },
];

/** How an answer came about. */
export const CACHE_HEADERS: JsonObject = {
  'Cache-Status': {
    description: 'RFC 9211: `hit`, or `fwd=` with the reason.',
    schema: { type: 'string' },
  },
  'X-Cache': {
    description: 'The same in a word.',
    schema: { enum: ['HIT', 'MISS', 'COALESCED', 'BYPASS'] },
  },
  Age: {
    description: 'Seconds since a hit was stored.',
    schema: { type: 'integer', minimum: 0 },
  },
};
