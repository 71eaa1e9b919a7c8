import { AppError } from '../errors.ts';
import type { Directives } from './directives.ts';
import type { SeedlessPolicy } from './seedless.ts';

/** What a request may do with the cache. */
export interface LookupPlan {
  /** Look for a stored entry first. */
  readonly reads: boolean;
  /** Wait for somebody else's flight. */
  readonly joins: boolean;
  /** Let others wait for its flight. */
  readonly leads: boolean;
  /** Take the stored takes in turn. */
  readonly rotates: boolean;
}

const BY_ITSELF: LookupPlan = { reads: false, joins: false, leads: false, rotates: false };

/** What the directives, and for a request without a seed the policy, allow. `invalid_request` for a take beyond the policy's. */
export function planLookup(
  seedless: boolean,
  directives: Directives,
  seedlessPolicy: SeedlessPolicy,
): LookupPlan {
  const { noCache, noStore, onlyIfCached, take } = directives;
  const policy = seedless ? seedlessPolicy : 'reuse';
  if (typeof policy === 'object' && take !== undefined && take > policy.takes) {
    throw new AppError(
      'invalid_request',
      `There are ${policy.takes} takes of one recipe here; ${take} is beyond them.`,
      {
        field: 'take',
      },
    );
  }
  if (noStore) return BY_ITSELF;
  if (noCache) return { ...BY_ITSELF, leads: true };
  // A named take is one picture, whatever the policy says of the others; only-if-cached forbids buying afresh.
  if (policy === 'fresh' && take === undefined && !onlyIfCached) return BY_ITSELF;
  return { reads: true, joins: true, leads: true, rotates: typeof policy === 'object' };
}
