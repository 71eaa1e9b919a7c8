import type { Context } from 'hono';
import { AppError } from '../../core/errors.ts';
import { isCacheKey } from '../../core/recipe/cache-key.ts';
import type { KeyAddress } from '../../services/inventory/entry-detail-statements.ts';
import { badParameter, readQuery } from '../wire/query-values.ts';
import { ADDRESS, AddressQuery, SightQuery } from './entry-schema.ts';

/** Whose entries of which key a path and its query mean. What is no key is not stored. */
export function readEntryAddress(c: Context): KeyAddress {
  const { scope, site, take } = readQuery(c, AddressQuery);
  return { key: keyOf(c), scope, site, take };
}

/** The same for those who only look: with `all` they see the entries of every scope and site that holds the key. */
export function readSight(c: Context): { readonly address: KeyAddress; readonly isAll: boolean } {
  const { scope, site, take, all = false } = readQuery(c, SightQuery);
  return { address: { key: keyOf(c), scope, site, take }, isAll: all };
}

function keyOf(c: Context): string {
  const key = c.req.param('key') ?? '';
  if (!isCacheKey(key))
    throw new AppError('not_found', 'No such entry is stored: a key is k1: and 32 hex digits.');
  // Empty counts as absent elsewhere. Here it would make a change wider than it was meant to be.
  const empty = Object.keys(ADDRESS).find((name) => c.req.query(name) === '');
  if (empty !== undefined) throw badParameter(empty, 'is empty');
  return key;
}
