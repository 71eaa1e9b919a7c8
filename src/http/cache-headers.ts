import { type CacheStatus, formatCacheStatus, formatXCache } from '../core/cache-status.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { HttpOptions } from './dependencies.ts';
import type { Cacheable } from './image-call.ts';

const RESULTS = { HIT: 'hit', MISS: 'miss', COALESCED: 'coalesced', BYPASS: 'bypass' } as const;

/** Counts an answer of a front door, and says how it came about: `Cache-Status`, `X-Cache` and, on a hit, `Age`. */
export function cacheHeaders(
  {
    reporter,
    local,
    door,
  }: Pick<HttpOptions, 'local'> & { readonly reporter: Reporter; readonly door: string },
  status: CacheStatus,
  { recipe, key }: Pick<Cacheable, 'recipe' | 'key'>,
): Record<string, string> {
  const result = formatXCache(status);
  const { detail } = status;
  reporter.report({ type: 'request', door, result: RESULTS[result], model: recipe.model, detail });
  // The key tells what is in the store: only for those who may look into it.
  const cacheStatus = formatCacheStatus(status, local ? key : undefined);
  const age = status.kind === 'hit' ? { age: String(status.ageSeconds) } : {};
  return { 'cache-status': cacheStatus, 'x-cache': result, ...age };
}
