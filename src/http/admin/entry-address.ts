import type { Context } from 'hono';
import { AppError } from '../../core/errors.ts';
import { isCacheKey } from '../../core/recipe/cache-key.ts';
import type { KeyAddress } from '../../services/inventory/entry-detail-statements.ts';
import { badParameter, oneOf, queryValues, wholeNumber } from '../wire/query-values.ts';

const ADDRESS_NAMES = ['scope', 'site', 'take'] as const;

/** Whose entries of which key a path and its query mean. What is no key is not stored. */
export function readEntryAddress(c: Context): KeyAddress {
  return addressOf(c, queryValues(c, ADDRESS_NAMES));
}

/** The same for those who only look: with `all` they see the entries of every scope and site that holds the key. */
export function readSight(c: Context): { readonly address: KeyAddress; readonly isAll: boolean } {
  const values = queryValues(c, [...ADDRESS_NAMES, 'all']);
  return { address: addressOf(c, values), isAll: oneOf(values, 'all', ['true', 'false']) === 'true' };
}

function addressOf(c: Context, values: ReadonlyMap<string, string>): KeyAddress {
  const key = c.req.param('key') ?? '';
  if (!isCacheKey(key))
    throw new AppError('not_found', 'No such entry is stored: a key is k1: and 32 hex digits.');
  // Empty counts as absent elsewhere; here it would make a change wider than it was meant to be.
  const empty = ADDRESS_NAMES.find((name) => c.req.query(name) === '');
  if (empty !== undefined) throw badParameter(empty, 'is empty');
  const take = wholeNumber(values, 'take', { min: 1, max: Number.MAX_SAFE_INTEGER });
  return { key, scope: values.get('scope'), site: values.get('site'), take };
}
