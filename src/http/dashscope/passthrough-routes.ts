import { type Context, Hono } from 'hono';
import { segmentsOf, upstreamTarget } from '../../core/dashscope/request-target.ts';
import { AppError } from '../../core/errors.ts';
import type { Principal } from '../../core/principal.ts';
import type { DashScopeServices, HttpOptions } from '../dependencies.ts';
import { identify } from '../doors/identify.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { type PassthroughOptions, passThrough } from './passthrough.ts';

const OWN = /^\/v1\/(image|video)\./;

/** Everything of the vendor's that is not ours. */
export function passthroughRoutes(services: DashScopeServices, options: HttpOptions): Hono {
  const routes = new Hono();
  for (const path of ['/api/v1/*', '/compatible-mode/*']) {
    routes.all(path, async (c) => {
      const principal = await identify(c, services);
      return await passForeign(c, services, options, principal);
    });
  }
  routes.all('/v1/*', async (c) => {
    // Interfaces of our own are not the vendor's.
    if (OWN.test(c.req.path)) throw new AppError('not_found', 'There is nothing at this path.');
    const principal = await identify(c, services);
    return await passForeign(c, services, options, principal);
  });
  return routes;
}

/** Passes on what is not ours, if the settings allow its path. */
export async function passForeign(
  c: Context,
  services: DashScopeServices,
  options: HttpOptions,
  principal: Principal,
  passed: PassthroughOptions = {},
): Promise<Response> {
  const path = upstreamTarget(c.req.path);
  // Of the account's tasks only those that were submitted here are shown; their own routes know these.
  if (options.ownTasksOnly && namesTasks(upstreamTarget(services.platform.rawTarget(c))))
    throw new AppError('not_found', 'There is nothing at this path.');
  const allowed = options.passthrough?.some((prefix) => isUnder(path, prefix)) ?? true;
  if (!allowed) {
    throw new AppError(
      'passthrough_disabled',
      `${path} does not pass through here; DASHCACHE_PASSTHROUGH names what does.`,
    );
  }
  requestRecordOf(c).door = 'passthrough';
  // A success here proves no key: the vendor answers preflights to anybody, and refuses streams under status 200.
  return await passThrough(c, services, principal, passed);
}

/** Whether any server might read a path as one of tasks. */
function namesTasks(target: string): boolean {
  const [api, version, what] = segmentsOf(target);
  return api === 'api' && version === 'v1' && what === 'tasks';
}

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}
