import type { Context } from 'hono';

/** Far above any key of the vendor's. Ten thousand credentials are remembered, known to the vendor or not. */
const MAX_CHARS = 1024;

/** The credential of a request: `Authorization: Bearer …`, the scheme in any case. A longer header holds none. */
export function bearerOf(c: Context): string | undefined {
  const header = c.req.header('authorization') ?? '';
  return header.length > MAX_CHARS ? undefined : /^bearer +(\S+)\s*$/i.exec(header)?.[1];
}
