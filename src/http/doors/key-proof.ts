import type { Context } from 'hono';
import type { Principal } from '../../core/principal.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { ImageRequest } from '../../services/image-request.ts';
import type { MayFetch } from '../../services/requests/reference-resolver.ts';
import { UpstreamRefusal } from '../../services/upstream-refusal.ts';
import type { HttpServices } from '../dependencies.ts';

/**
 * The vendor's refusal of a caller's key, where it has to be asked before the request is answered: a stranger's key must
 * not read what others paid for. Its own purchase is its own proof.
 */
export async function proveKey(
  c: Context,
  { credentials, images, platform }: Pick<HttpServices, 'credentials' | 'images' | 'platform'>,
  principal: Principal,
  request: ImageRequest,
): Promise<UpstreamAnswer | undefined> {
  if (!principal.needsProof) return undefined;
  if (principal.scope !== 'shared' && (await images.peek(request)) === undefined) return undefined;
  return await refusalOf(c, { credentials, platform }, principal);
}

/** The same where a task is asked for: among those that everybody shares, a key not vouched for finds nothing. */
export async function refusedTaskKey(
  c: Context,
  services: Pick<HttpServices, 'credentials' | 'platform'>,
  principal: Principal,
): Promise<UpstreamAnswer | undefined> {
  if (!principal.needsProof || principal.scope !== 'shared') return undefined;
  return await refusalOf(c, services, principal);
}

async function refusalOf(
  c: Context,
  { credentials, platform }: Pick<HttpServices, 'credentials' | 'platform'>,
  principal: Principal,
): Promise<UpstreamAnswer | undefined> {
  const verdict = await credentials.prove(principal, platform.clientAddress(c));
  return verdict.accepted ? undefined : verdict.answer;
}

/**
 * Lets pictures be fetched for a caller whose key the vendor accepts, else throws `UpstreamRefusal`: a stranger must not have
 * this server fetch whatever it likes.
 */
export function fetchesFor(
  c: Context,
  { credentials, platform }: Pick<HttpServices, 'credentials' | 'platform'>,
  principal: Principal,
): MayFetch {
  return async () => {
    const verdict = await credentials.prove(principal, platform.clientAddress(c));
    if (!verdict.accepted) throw new UpstreamRefusal(verdict.answer);
  };
}
