import { Hono } from 'hono';
import { METRICS_TYPE } from '../../core/metric.ts';
import type { HttpServices } from '../dependencies.ts';
import { bearerOf } from '../wire/bearer.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';

/** For Prometheus; open to whom the admin interface is. */
export function metricsRoutes({
  adminAccess,
  metrics,
  platform,
}: Pick<HttpServices, 'adminAccess' | 'metrics' | 'platform'>): Hono {
  const routes = new Hono();
  routes.get('/metrics', async (c) => {
    await adminAccess.admit(bearerOf(c), platform.clientAddress(c));
    return c.body(await metrics.expose(), 200, { 'content-type': METRICS_TYPE });
  });
  routes.all('/metrics', methodNotAllowed('GET, HEAD'));
  return routes;
}
