import { type Context, Hono } from 'hono';
import { listModels, requireKnownModel } from '../core/models.ts';
import { bearerOf } from './bearer.ts';
import type { HttpOptions, HttpServices } from './dependencies.ts';
import { methodNotAllowed } from './method-not-allowed.ts';

/** `GET /v1/models`: the vendor's own ids. */
export function openAiModelRoutes(
  { credentials, newRequestId }: Pick<HttpServices, 'credentials' | 'newRequestId'>,
  { addedModels }: Pick<HttpOptions, 'addedModels'>,
): Hono {
  const routes = new Hono();
  const identify = (c: Context) => credentials.identify(bearerOf(c));
  const answer = (value: object) => Response.json(value, { headers: { 'x-request-id': newRequestId() } });
  routes.get('/v1/models', async (c) => {
    await identify(c);
    return answer({ object: 'list', data: listModels(addedModels).map(modelObject) });
  });
  routes.get('/v1/models/:id', async (c) => {
    await identify(c);
    const id = c.req.param('id');
    requireKnownModel(id, addedModels);
    return answer(modelObject(id));
  });
  for (const path of ['/v1/models', '/v1/models/:id']) routes.all(path, methodNotAllowed('GET'));
  return routes;
}

/** The time of its making is not known; the field must be there. */
function modelObject(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'alibaba' };
}
