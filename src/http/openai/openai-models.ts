import { type Context, Hono } from 'hono';
import { listModels, requireKnownModel } from '../../core/models/models.ts';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { identify } from '../doors/identify.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import type { OpenAiModelBody, OpenAiModelListBody } from './openai-schema.ts';

/** `GET /v1/models`: the vendor's own ids. */
export function openAiModelRoutes(
  services: Pick<HttpServices, 'credentials' | 'platform'>,
  { addedModels }: Pick<HttpOptions, 'addedModels'>,
): Hono {
  const routes = new Hono();
  const answer = (c: Context, value: object) =>
    Response.json(value, { headers: { 'x-request-id': requestRecordOf(c).requestId } });
  routes.get('/v1/models', async (c) => {
    await identify(c, services);
    const list: OpenAiModelListBody = { object: 'list', data: listModels(addedModels).map(modelObject) };
    return answer(c, list);
  });
  routes.get('/v1/models/:id', async (c) => {
    await identify(c, services);
    const id = c.req.param('id');
    requireKnownModel(id, addedModels);
    return answer(c, modelObject(id));
  });
  for (const path of ['/v1/models', '/v1/models/:id']) routes.all(path, methodNotAllowed('GET'));
  return routes;
}

/** The time of its making is not known; the field must be there. */
function modelObject(id: string): OpenAiModelBody {
  return { id, object: 'model', created: 0, owned_by: 'alibaba' };
}
