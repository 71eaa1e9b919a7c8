import type { Principal } from '../../core/principal.ts';
import type { ImageOutcome } from '../../services/image-request.ts';
import type { HttpServices } from '../dependencies.ts';

/**
 * Remembers what an answer of upstream's says of the key that asked. A hit or another's flight says nothing of it: it would
 * be proved for ever without the vendor.
 */
export async function recordKeyProof(
  { credentials }: Pick<HttpServices, 'credentials'>,
  principal: Principal,
  outcome: ImageOutcome,
): Promise<void> {
  if (outcome.status.kind === 'hit' || outcome.status.collapsed) return;
  const status = outcome.kind === 'entry' ? 200 : outcome.answer.status;
  if (status < 300) await credentials.accepted(principal);
  if (status === 401) await credentials.refused(principal);
}
