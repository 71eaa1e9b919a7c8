import type { MiddlewareHandler } from 'hono';

/**
 * What the admin interface tells is for whoever asked: nothing in between keeps it, and no page elsewhere embeds it. A
 * cookie, unlike a bearer, does not keep a shared cache from storing an answer. What an answer says of caching itself stands.
 */
export const noStore: MiddlewareHandler = async (c, next) => {
  await next();
  const { headers } = c.res;
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  headers.set('x-content-type-options', 'nosniff');
  headers.set('cross-origin-resource-policy', 'same-origin');
};
