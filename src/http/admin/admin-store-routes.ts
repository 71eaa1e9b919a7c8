import { type Context, Hono } from 'hono';
import { AppError, invalid, isAppError } from '../../core/errors.ts';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { blobBaseUrl } from '../doors/blob-urls.ts';
import { acceptsEvents, eventResponse } from '../wire/event-response.ts';
import { type EventEnd, encodeEvent, latestEvents } from '../wire/latest-events.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { problemOf } from '../wire/problem.ts';
import { badParameter, refuseQuery } from '../wire/query-values.ts';
import type { BodyLimits } from '../wire/read-body.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { entrySummary } from './entry-body.ts';
import { readObject } from './read-object.ts';
import { statisticsBody } from './store-body.ts';
import { type PurgeBody, PurgeRequest } from './store-schema.ts';

/** The store as a whole: what is in it, and what cleans it. */
export function adminStoreRoutes(services: HttpServices, options: HttpOptions): Hono {
  const { entrySearch, purger, verifier, garbageCollector, statistics, ledger, bodies, clock } = services;
  const limits: BodyLimits = { maxBytes: options.maxBody, budget: bodies, clock };
  const routes = new Hono();

  routes.get('/admin/api/stats', async (c) => {
    refuseQuery(c);
    return c.json(statisticsBody(await statistics(), await ledger.money()));
  });
  routes.all('/admin/api/stats', methodNotAllowed('GET, HEAD'));

  routes.post('/admin/api/purge', async (c) => {
    const { filter, dry_run } = await readPurge(c, limits);
    const selection = await entrySearch.select(filter);
    const { sample, ...removed } = await (dry_run ? purger.forecast(selection) : purger.purge(selection));
    const base = blobBaseUrl(c, options);
    const body: PurgeBody = { ...removed, sample: sample.map((entry) => entrySummary(entry, base)) };
    return c.json(body);
  });
  routes.all('/admin/api/purge', methodNotAllowed('POST'));

  routes.post('/admin/api/verify', (c) => told(c, (tell) => verifier.run(tell), services));
  routes.all('/admin/api/verify', methodNotAllowed('POST'));

  routes.post('/admin/api/collect', (c) => told(c, (tell) => garbageCollector.collect(tell), services));
  routes.all('/admin/api/collect', methodNotAllowed('POST'));
  return routes;
}

/** What to purge. Nothing filtered means everything goes, which has to be said. */
async function readPurge(c: Context, limits: BodyLimits) {
  const asked = await readObject(c, limits, PurgeRequest, { complain: refusePurge });
  const filter = asked.filter ?? {};
  const isFiltered = Object.keys(filter).length > 0;
  if (asked.all === true && isFiltered) throw invalid('all', 'leaves no room for a filter');
  if (asked.all !== true && !isFiltered)
    throw invalid('filter', 'is missing: what to purge, or {"all":true} for everything');
  return { filter, dry_run: asked.dry_run === true };
}

/** A value that cannot be filtered by is called as in a query; what is no value at all, by its place in the body. */
function refusePurge(field: string, problem: string, check: string): AppError {
  const [, name] = /^filter\.(.+)$/.exec(field) ?? [];
  const isValue = !['strict_object', 'string', 'non_empty'].includes(check);
  return name !== undefined && isValue ? badParameter(name, problem) : invalid(field, problem);
}

/** Does long work and answers with what it came to: in events while it goes on, for those who take them. */
async function told<T extends object>(
  c: Context,
  work: (tell: (sofar: T) => void) => Promise<T>,
  services: Pick<HttpServices, 'clock' | 'platform' | 'reporter'>,
): Promise<Response> {
  refuseQuery(c);
  if (!acceptsEvents(c)) return Response.json(await work(() => {}));
  const { clock, reporter } = services;
  const { requestId } = requestRecordOf(c);
  const toEnd = async (tell: (sofar: T) => void): Promise<EventEnd> => {
    try {
      return { event: 'done', data: await work(tell) };
    } catch (error) {
      const known = isAppError(error) ? error : new AppError('internal', 'internal', { cause: error });
      reporter.report({ type: 'failure', where: c.req.path, requestId, cause: error });
      return { event: 'error', data: problemOf(known, requestId) };
    }
  };
  const events = latestEvents<T>(toEnd, (sofar) => encodeEvent('progress', sofar), clock);
  return eventResponse(c, events, services);
}
