import type { Context, MiddlewareHandler } from 'hono';
import { requireStraight } from '../../core/dashscope/request-target.ts';
import { AppError } from '../../core/errors.ts';
import type { Platform } from '../platform.ts';

/** Refuses what must not come in by any door: crooked paths, our own requests come back, in local mode other people's. */
export function guard(
  { local, loopId }: { readonly local: boolean; readonly loopId: string },
  platform: Platform,
): MiddlewareHandler {
  return (c, next) => {
    requireStraight(platform.rawTarget(c));
    refuseLoop(c, loopId);
    if (local) refuseStrangers(c);
    return next();
  };
}

/** A request that has been here before (RFC 8586). */
function refuseLoop(c: Context, ownId: string): void {
  const seen = c.req.header('cdn-loop');
  if (seen?.split(',').some((part) => part.split(';', 1)[0]?.trim() === ownId)) {
    throw new AppError(
      'loop',
      'This request has been here before: DASHCACHE_UPSTREAM leads back to this server.',
    );
  }
}

/**
 * In local mode nobody shows a token, so the browser must not be able to spend the user's money for a web page: the
 * Host must be this machine's (no DNS rebinding), and an Origin, where a browser sends one, must be our own.
 */
function refuseStrangers(c: Context): void {
  const host = c.req.header('host');
  if (host === undefined || !isLoopbackHost(host)) {
    throw new AppError(
      'forbidden',
      'In local mode the Host must be localhost or a loopback address; DASHCACHE_AUTH=passthrough or token serves others.',
      { field: 'Host' },
    );
  }
  const origin = c.req.header('origin');
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new AppError('forbidden', 'In local mode other web pages may not call this server.', {
      field: 'Origin',
    });
  }
  const fetchSite = c.req.header('sec-fetch-site');
  if (fetchSite === 'cross-site' || fetchSite === 'same-site') {
    throw new AppError('forbidden', 'In local mode other web pages may not call this server.', {
      field: 'Sec-Fetch-Site',
    });
  }
}

/** `localhost`, a name under `.localhost`, 127.0.0.0/8 or ::1, with or without a port. */
export function isLoopbackHost(host: string): boolean {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]/\\@?#]+)(?::\d{1,5})?$/.exec(host);
  const name = match?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  );
}
