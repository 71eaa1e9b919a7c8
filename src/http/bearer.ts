import type { Context } from 'hono';

/** The credential of a request: `Authorization: Bearer …`, the scheme in any case. */
export function bearerOf(c: Context): string | undefined {
  return /^bearer +(\S+)\s*$/i.exec(c.req.header('authorization') ?? '')?.[1];
}
