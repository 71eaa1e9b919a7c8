import type { Context } from 'hono';
import { isCacheKey } from '../core/cache-key.ts';
import { AppError } from '../core/errors.ts';
import type { KeyAddress } from '../services/entry-detail-statements.ts';
import { queryValues, wholeNumber } from './query-values.ts';

/** Whose entries of which key a path and its query mean. What is no key is not stored. */
export function readAddress(c: Context): KeyAddress {
  const key = c.req.param('key') ?? '';
  if (!isCacheKey(key)) throw new AppError('not_found', 'No such entry is stored.');
  const values = queryValues(c, ['scope', 'site', 'take']);
  const take = wholeNumber(values, 'take', { min: 1, max: Number.MAX_SAFE_INTEGER });
  return { key, scope: values.get('scope'), site: values.get('site'), take };
}
