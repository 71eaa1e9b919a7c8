import { Hono } from 'hono';
import type { Health } from '../../services/operations/health.ts';

/** For load balancers and supervisors. They name no internals and need no credential. */
export function healthRoutes(health: Health): Hono {
  const routes = new Hono();
  routes.get('/healthz', (c) => c.json({ status: 'ok' }));
  routes.get('/readyz', async (c) => {
    const ready = await health.isReady();
    return c.json({ status: ready ? 'ready' : 'not ready' }, ready ? 200 : 503);
  });
  return routes;
}
