import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { AppError } from '../../core/errors.ts';
import type { HttpOptions, HttpServices } from '../dependencies.ts';

const COOKIE = 'dashcache_admin';
const PATH = '/admin';

/** True where the browser shows an open session of the admin page. */
export async function hasSession(
  c: Context,
  { adminSessions }: Pick<HttpServices, 'adminSessions'>,
): Promise<boolean> {
  const session = getCookie(c, COOKIE);
  return session !== undefined && (await adminSessions.isOpen(session));
}

/** Gives the browser a session. Scripts cannot read it, and no other site's page can have it sent along. */
export async function startSession(
  c: Context,
  { adminSessions }: Pick<HttpServices, 'adminSessions'>,
): Promise<void> {
  setCookie(c, COOKIE, await adminSessions.open(), {
    path: PATH,
    httpOnly: true,
    sameSite: 'Strict',
    maxAge: adminSessions.lifeSeconds,
    // TLS is the reverse proxy's: how the browser came here is known from what it says.
    secure: c.req.header('origin')?.startsWith('https:') === true,
  });
}

/** Ends the session, and takes its cookie from the browser. */
export async function endSession(
  c: Context,
  { adminSessions }: Pick<HttpServices, 'adminSessions'>,
): Promise<void> {
  const session = getCookie(c, COOKIE);
  if (session !== undefined) await adminSessions.end(session);
  deleteCookie(c, COOKIE, { path: PATH });
}

/**
 * `forbidden` unless a page of this very server sends it. SameSite alone does not tell apart what browsers call one site:
 * other ports of a machine, other hosts of a domain.
 */
export function requireOwnPage(c: Context, options: Pick<HttpOptions, 'publicUrl'>): void {
  const origin = c.req.header('origin');
  if (origin !== undefined && ownPages(c, options).includes(origin)) return;
  throw new AppError(
    'forbidden',
    'Only the admin page of this server may send this: Origin says otherwise.',
    {
      field: 'Origin',
    },
  );
}

/** The Host that came here, and the one that people know where a reverse proxy puts its own in place of it. */
function ownPages(c: Context, { publicUrl }: Pick<HttpOptions, 'publicUrl'>): string[] {
  const host = c.req.header('host');
  const known = publicUrl === undefined ? [] : [new URL(publicUrl).origin];
  return [`http://${host}`, `https://${host}`, ...known];
}
