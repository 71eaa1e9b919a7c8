import type { MiddlewareHandler } from 'hono';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { bearerOf } from '../wire/bearer.ts';
import { hasSession, requireOwnPage } from './admin-session.ts';

/** Lets in who shows the admin token, or the session that it was exchanged for. */
export function adminGate(services: HttpServices, options: HttpOptions): MiddlewareHandler {
  const { adminAccess, platform } = services;
  return async (c, next) => {
    if (await hasSession(c, services)) {
      // A cookie is sent by the browser, whoever made it send the request; a bearer is put there by who knows it.
      const changesNothing = c.req.method === 'GET' || c.req.method === 'HEAD';
      if (!changesNothing) requireOwnPage(c, options);
    } else {
      await adminAccess.admit(bearerOf(c), platform.clientAddress(c));
    }
    await next();
  };
}
