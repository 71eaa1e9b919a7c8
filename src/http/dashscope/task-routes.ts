import { type Context, Hono } from 'hono';
import type { JsonObject } from '../../core/json/json-value.ts';
import type { DashScopeServices, HttpOptions } from '../dependencies.ts';
import { blobBaseUrl } from '../doors/blob-urls.ts';
import { identify } from '../doors/identify.ts';
import { refusedTaskKey } from '../doors/key-proof.ts';
import { relayAnswer } from '../wire/relay-answer.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { passForeign } from './passthrough-routes.ts';
import { taskBody, unknownTaskBody } from './task-body.ts';
import { listTasks } from './task-list.ts';

const NOT_PENDING = 'Failed to cancel the task, please confirm if the task is in PENDING status.';

/** How long a poll for one of the vendor's own tasks may wait for its turn. */
const MAX_WAIT_MS = 10_000;

/**
 * Tasks: ours answered here, the vendor's own passed on, but in token mode: there the account is the server's, and what
 * this scope did not submit does not exist. The SDKs ask with and without a slash at the end.
 */
export function taskRoutes(services: DashScopeServices, options: HttpOptions): Hono {
  const routes = new Hono();
  for (const slash of ['', '/']) {
    routes.get(
      `/api/v1/tasks${slash}`,
      async (c) => await listTasks(c, services, options, await identify(c, services)),
    );
    routes.get(`/api/v1/tasks/:id${slash}`, async (c) => {
      const principal = await identify(c, services);
      const id = c.req.param('id');
      const refused = await refusedTaskKey(c, services, principal);
      if (refused !== undefined) return relayAnswer(c, refused);
      const view = await services.tasks.find(id, principal);
      if (view === undefined) {
        if (options.ownTasksOnly) return json(c, (requestId) => unknownTaskBody(id, requestId));
        // The vendor counts it together with our own polls for this account.
        const { signal } = c.req.raw;
        await services.pollPacer.turn(principal.account, { signal, maxWaitMs: MAX_WAIT_MS });
        return await passForeign(c, services, options, principal, { isBrief: true });
      }
      return json(c, (requestId) => taskBody(view, blobBaseUrl(c, options), requestId));
    });
    routes.post(`/api/v1/tasks/:id/cancel${slash}`, async (c) => {
      const principal = await identify(c, services);
      const id = c.req.param('id');
      const refused = await refusedTaskKey(c, services, principal);
      if (refused !== undefined) return relayAnswer(c, refused);
      const canceled = await services.tasks.cancel(id, principal);
      if (canceled === undefined) {
        if (options.ownTasksOnly) return refusal(c);
        return await passForeign(c, services, options, principal, { isBrief: true });
      }
      if (canceled.kind === 'refused') return refusal(c);
      if (canceled.kind === 'canceled') return json(c, (requestId) => ({ request_id: requestId }));
      return relayAnswer(c, canceled.answer);
    });
  }
  return routes;
}

function json(c: Context, body: (requestId: string) => JsonObject, status = 200): Response {
  const { requestId } = requestRecordOf(c);
  const headers = { 'content-type': 'application/json;charset=UTF-8', 'x-request-id': requestId };
  return new Response(JSON.stringify(body(requestId)), { status, headers });
}

function refusal(c: Context): Response {
  const body = (requestId: string) => ({
    request_id: requestId,
    code: 'UnsupportedOperation',
    message: NOT_PENDING,
  });
  return json(c, body, 400);
}
