import type { Context } from 'hono';
import type { Principal } from '../../core/principal.ts';
import type { HttpServices } from '../dependencies.ts';
import { bearerOf } from '../wire/bearer.ts';
import { requestRecordOf } from '../wire/request-record.ts';

/** Who asks, by the bearer; noted for log and counters. `unauthorized` as `CredentialService.identify`, `throttled` as its `admit`. */
export async function identify(
  c: Context,
  { credentials, platform }: Pick<HttpServices, 'credentials' | 'platform'>,
): Promise<Principal> {
  const principal = await credentials.identify(bearerOf(c));
  const record = requestRecordOf(c);
  record.scope = principal.scope;
  record.isUnproven = principal.needsProof;
  if (principal.needsProof) await credentials.admit(principal, platform.clientAddress(c));
  return principal;
}
