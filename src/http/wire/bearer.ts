import type { Context } from 'hono';
import { AppError } from '../../core/errors.ts';

/** Far above any key of the vendor's. Ten thousand credentials are remembered, known to the vendor or not. */
const MAX_CHARS = 1024;

/**
 * The credential of a request: `Authorization: Bearer …`, the scheme in any case. A header that cannot be read is
 * `unauthorized`, not absent: whoever sends a key must not be served with another's.
 */
export function bearerOf(c: Context): string | undefined {
  const header = c.req.header('authorization');
  if (header === undefined || header === '') return undefined;
  const bearer = header.length > MAX_CHARS ? undefined : /^bearer +(\S+)\s*$/i.exec(header)?.[1];
  if (bearer === undefined) throw new AppError('unauthorized', 'Invalid API-key provided.');
  return bearer;
}
