import { type Context, Hono } from 'hono';
import { invalid } from '../../core/dialects/normalized-request.ts';
import type { EntryFilter } from '../../core/entries/entry-filter.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-text.ts';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { blobBaseUrl } from '../doors/blob-urls.ts';
import { acceptsEvents, eventResponse } from '../wire/event-response.ts';
import { type EventEnd, encodeEvent, latestEvents } from '../wire/latest-events.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { problemOf } from '../wire/problem.ts';
import { queryValues } from '../wire/query-values.ts';
import type { BodyLimits } from '../wire/read-body.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { entrySummary } from './entry-body.ts';
import { FILTER_NAMES, readFilter } from './entry-filter.ts';
import { optionalFlag, readObject, refuseOthers } from './read-object.ts';
import { type PurgeBody, statisticsBody } from './store-body.ts';

/** The store as a whole: what is in it, and what cleans it. */
export function adminStoreRoutes(services: HttpServices, options: HttpOptions): Hono {
  const { entrySearch, purger, verifier, garbageCollector, statistics, ledger, bodies, clock } = services;
  const limits: BodyLimits = { maxBytes: options.maxBody, budget: bodies, clock };
  const routes = new Hono();

  routes.get('/admin/api/stats', async (c) => {
    queryValues(c, []);
    return c.json(statisticsBody(await statistics(), await ledger.money()));
  });
  routes.all('/admin/api/stats', methodNotAllowed('GET, HEAD'));

  routes.post('/admin/api/purge', async (c) => {
    const asked = await readObject(c, limits, ['filter', 'all', 'dry_run']);
    const selection = await entrySearch.select(readPurgeFilter(asked));
    const isDry = optionalFlag(asked, 'dry_run') ?? false;
    const { sample, ...removed } = await (isDry ? purger.forecast(selection) : purger.purge(selection));
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

/** The filter of a purge. Nothing filtered means everything goes, which has to be said. */
function readPurgeFilter(body: JsonObject): EntryFilter {
  const given = body.filter ?? {};
  if (!isJsonObject(given)) throw invalid('filter', 'must be an object');
  refuseOthers(given, FILTER_NAMES, 'filter.');
  const values = Object.entries(given).flatMap(([name, value]) =>
    value === null ? [] : [[name, readValue(name, value)] as const],
  );
  const isAll = optionalFlag(body, 'all') ?? false;
  if (isAll && values.length > 0) throw invalid('all', 'leaves no room for a filter');
  if (!isAll && values.length === 0)
    throw invalid('filter', 'is missing: what to purge, or {"all":true} for everything');
  return readFilter(new Map(values));
}

/** Numbers and truth values read as in a query. What is empty is more likely a mistake than a wish for everything. */
function readValue(name: string, value: JsonValue): string {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text === 'string' && text !== '') return text;
  throw invalid(`filter.${name}`, 'must be a text that is not empty, a number, true or false');
}

/** Does long work and answers with what it came to: in events while it goes on, for those who take them. */
async function told<T extends object>(
  c: Context,
  work: (tell: (sofar: T) => void) => Promise<T>,
  services: Pick<HttpServices, 'clock' | 'platform' | 'reporter'>,
): Promise<Response> {
  queryValues(c, []);
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
