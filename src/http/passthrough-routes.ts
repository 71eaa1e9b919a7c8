import { type Context, Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { HttpOptions, HttpServices } from './dependencies.ts';
import { exchangeOf } from './exchange.ts';
import { identify } from './identify.ts';
import { passThrough } from './passthrough.ts';

/** Everything of the vendor's that is not ours. */
export function passthroughRoutes(services: HttpServices, options: HttpOptions): Hono {
  const routes = new Hono();
  for (const path of ['/api/v1/*', '/compatible-mode/*']) {
    routes.all(path, async (c) => {
      const principal = await identify(c, services);
      return await passForeign(c, services, options, principal);
    });
  }
  return routes;
}

/** Passes on what is not ours, if the settings allow its path. `body` when it has been read already. */
export async function passForeign(
  c: Context,
  services: HttpServices,
  options: HttpOptions,
  principal: Principal,
  body?: Uint8Array,
): Promise<Response> {
  const { path } = c.req;
  const allowed = options.passthrough?.some((prefix) => isUnder(path, prefix)) ?? true;
  if (!allowed) {
    throw new AppError(
      'passthrough_disabled',
      `${path} does not pass through here; DASHCACHE_PASSTHROUGH names what does.`,
    );
  }
  exchangeOf(c).door = 'passthrough';
  // A success here proves no key: the vendor answers preflights to anybody, and refuses streams under status 200.
  return await passThrough(c, services, principal, body === undefined ? {} : { body });
}

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}
