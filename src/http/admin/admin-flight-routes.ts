import { Hono } from 'hono';
import { AppError } from '../../core/errors.ts';
import type { Purchase } from '../../services/purchases/purchase.ts';
import type { HttpServices } from '../dependencies.ts';
import { eventResponse } from '../wire/event-response.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { readQuery, refuseQuery } from '../wire/query-values.ts';
import { isoTime } from './entry-body.ts';
import { flightEvents, flightsBody } from './flight-events.ts';
import { type PurchaseBody, type PurchasePageBody, PurchasesQuery } from './flight-schema.ts';
import { DEFAULT_LIMIT, readCursor, writeCursor } from './page-query.ts';

/** People who look on at once. Each is told everything, several times a second. */
const MAX_VIEWS = 50;

/** What is being bought, and what was. */
export function adminFlightRoutes(services: HttpServices): Hono {
  const { purchases } = services;
  const routes = new Hono();
  let views = 0;

  routes.get('/admin/api/flights', (c) => {
    refuseQuery(c);
    return c.json(flightsBody(services));
  });
  routes.all('/admin/api/flights', methodNotAllowed('GET, HEAD'));

  routes.get('/admin/api/flights/events', (c) => {
    refuseQuery(c);
    if (views >= MAX_VIEWS)
      throw new AppError('overloaded', `${MAX_VIEWS} others look on already; try again later.`);
    return eventResponse(c, view(), services);
  });
  routes.all('/admin/api/flights/events', methodNotAllowed('GET'));

  routes.get('/admin/api/purchases', async (c) => {
    const { state, cursor, limit = DEFAULT_LIMIT } = readQuery(c, PurchasesQuery);
    const { rows, next } = await purchases.list(state, limit, readCursor('purchases', cursor));
    const next_cursor = writeCursor('purchases', next);
    return c.json({ purchases: rows.map(purchaseBody), next_cursor } satisfies PurchasePageBody);
  });
  routes.all('/admin/api/purchases', methodNotAllowed('GET, HEAD'));
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
function purchaseBody(purchase: Purchase): PurchaseBody {
  const { id, site, scope, key, model, state, upstreamTask, spent, entryId, status, error } = purchase;
  return {
    id,
    site,
    scope,
    key,
    model,
    state,
    upstream_task: upstreamTask ?? null,
    images: spent?.images ?? null,
    cost: spent?.cost === undefined ? null : { ...spent.cost },
    entry_id: entryId ?? null,
    status: status ?? null,
    error: error ?? null,
    created_at: isoTime(purchase.createdAt),
    updated_at: isoTime(purchase.updatedAt),
  };
}
