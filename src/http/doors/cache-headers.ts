import { type CacheStatus, formatCacheStatus, formatXCache } from '../../core/cache/cache-status.ts';
import type { HttpOptions } from '../dependencies.ts';
import type { RequestRecord } from '../wire/request-record.ts';
import type { Cacheable } from './image-request.ts';

const RESULTS = { HIT: 'hit', MISS: 'miss', COALESCED: 'coalesced', BYPASS: 'bypass' } as const;

/** Says how an answer came about: `Cache-Status`, `X-Cache` and, on a hit, `Age`; and notes it for log and counters. */
export function cacheHeaders(
  record: RequestRecord,
  { local }: Pick<HttpOptions, 'local'>,
  status: CacheStatus,
  { recipe, key }: Pick<Cacheable, 'recipe' | 'key'>,
): Record<string, string> {
  const result = formatXCache(status);
  record.result = RESULTS[result];
  record.model = recipe.model;
  record.detail = status.detail;
  // The key tells what is in the store: only for those who may look into it.
  const cacheStatus = formatCacheStatus(status, local ? key : undefined);
  const age = status.kind === 'hit' ? { age: String(status.ageSeconds) } : {};
  return { 'cache-status': cacheStatus, 'x-cache': result, ...age };
}
