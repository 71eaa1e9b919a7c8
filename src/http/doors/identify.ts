import type { Context } from 'hono';
import type { Principal } from '../../core/principal.ts';
import type { HttpServices } from '../dependencies.ts';
import { bearerOf } from '../wire/bearer.ts';
import { requestRecordOf } from '../wire/request-record.ts';

/** Who asks, by the bearer; noted for log and counters. `unauthorized` as `CredentialService.identify`. */
export async function identify(c: Context, services: Pick<HttpServices, 'credentials'>): Promise<Principal> {
  const principal = await services.credentials.identify(bearerOf(c));
  const record = requestRecordOf(c);
  record.scope = principal.scope;
  record.isUnproven = principal.needsProof;
  return principal;
}
