import { Hono } from 'hono';
import { AppError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json/json-text.ts';
import { ATTEMPT_STATES, type Attempt } from '../../services/attempts/attempt.ts';
import type { HttpServices } from '../dependencies.ts';
import { eventResponse } from '../wire/event-response.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { oneOf, queryValues, wholeNumber } from '../wire/query-values.ts';
import { DEFAULT_LIMIT, PAGE_LIMITS } from './admin-entry-routes.ts';
import { isoTime } from './entry-body.ts';
import { flightEvents, flightsBody } from './flight-events.ts';
import { readCursor, writeCursor } from './page-cursor.ts';

/** People who look on at once. Each is told everything, several times a second. */
const MAX_VIEWS = 50;

/** What is being bought, and what was. */
export function adminFlightRoutes(services: HttpServices): Hono {
  const { attempts } = services;
  const routes = new Hono();
  let views = 0;

  routes.get('/admin/api/flights', (c) => {
    queryValues(c, []);
    return c.json(flightsBody(services));
  });
  routes.all('/admin/api/flights', methodNotAllowed('GET, HEAD'));

  routes.get('/admin/api/flights/events', (c) => {
    queryValues(c, []);
    if (views >= MAX_VIEWS)
      throw new AppError('overloaded', `${MAX_VIEWS} others look on already; try again later.`);
    return eventResponse(c, view(), services);
  });
  routes.all('/admin/api/flights/events', methodNotAllowed('GET'));

  routes.get('/admin/api/attempts', async (c) => {
    const values = queryValues(c, ['state', 'cursor', 'limit']);
    const { rows, next } = await attempts.list(
      oneOf(values, 'state', ATTEMPT_STATES),
      wholeNumber(values, 'limit', PAGE_LIMITS) ?? DEFAULT_LIMIT,
      readCursor('attempts', values),
    );
    return c.json({ attempts: rows.map(attemptBody), next_cursor: writeCursor('attempts', next) });
  });
  routes.all('/admin/api/attempts', methodNotAllowed('GET, HEAD'));
  return routes;

  async function* view(): AsyncGenerator<Uint8Array, void, undefined> {
    views += 1;
    try {
      yield* flightEvents(services);
    } finally {
      views -= 1;
    }
  }
}

/** Without the answer and the recipe, which are for finishing it, and without the account. */
function attemptBody(attempt: Attempt): JsonObject {
  const { id, site, scope, key, model, state, upstreamTask, entryId, status, error } = attempt;
  return {
    id,
    site,
    scope,
    key,
    model,
    state,
    upstream_task: upstreamTask ?? null,
    entry_id: entryId ?? null,
    status: status ?? null,
    error: error ?? null,
    created_at: isoTime(attempt.createdAt),
    updated_at: isoTime(attempt.updatedAt),
  };
}
