import { type Context, Hono } from 'hono';
import { forStream, readDirectives } from '../../core/cache/directives.ts';
import { AppError, type ErrorCode, isAppError } from '../../core/errors.ts';
import { decodeUtf8 } from '../../core/json/json-text.ts';
import { isScope, SCOPE_FORMS } from '../../core/principal.ts';
import { type ExcludedField, excludedHeaders } from '../../core/recipe/exclusions.ts';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { ownOrigins } from '../doors/blob-urls.ts';
import { asksForStream, hasUnknownHeader } from '../doors/image-request.ts';
import { bearerOf } from '../wire/bearer.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { type BodyLimits, requireJson, withBody } from '../wire/read-body.ts';
import { adminEntryRoutes } from './admin-entry-routes.ts';
import { adminFlightRoutes } from './admin-flight-routes.ts';
import { adminGate } from './admin-gate.ts';
import { adminStoreRoutes } from './admin-store-routes.ts';
import { adminTransferRoutes } from './admin-transfer-routes.ts';
import { explanationBody } from './explanation-body.ts';

/** The admin interface, for whoever may look into the store. */
export function adminRoutes(services: HttpServices, options: HttpOptions): Hono {
  const { bodies, clock } = services;
  const limits: BodyLimits = { maxBytes: options.maxBody, budget: bodies, clock };
  const routes = new Hono();
  routes.use('/admin/*', adminGate(services, options));
  routes.post('/admin/api/explain', async (c) => {
    const scope = await askedScope(c, services);
    requireJson(c);
    return await withBody(c, limits, async (bytes, hold) => {
      const directives = readDirectives(c.req.header('cache-control'), c.req.header('x-dashcache-take'));
      const explanation = await services.explainer.explain(decodeUtf8(bytes), {
        scope,
        directives: asksForStream(c) ? forStream(directives) : directives,
        dataInspection: c.req.header('x-dashscope-datainspection'),
        isEncrypted: c.req.header('x-dashscope-encryptionkey') !== undefined,
        hasUnknownHeader: hasUnknownHeader(c),
        resolvesNames: c.req.header('x-dashscope-ossresourceresolve')?.toLowerCase() === 'enable',
        ownOrigins: () => ownOrigins(c, options),
        hold,
      });
      return c.json(explanationBody(explanation, headersLeftOut(c)));
    });
  });
  routes.all('/admin/api/explain', methodNotAllowed('POST'));
  routes.route('/', adminTransferRoutes(services, options));
  routes.route('/', adminEntryRoutes(services, options));
  routes.route('/', adminStoreRoutes(services, options));
  routes.route('/', adminFlightRoutes(services));
  return routes;
}

/** Whose entries are meant: those of the scope that is named, else the caller's own. */
async function askedScope(c: Context, { credentials, adminAccess }: HttpServices): Promise<string> {
  const named = c.req.query('scope');
  if (named === undefined) {
    const own = adminAccess.isFree
      ? await credentials.ownScope(bearerOf(c)).catch(orNameOne)
      : // The bearer is the admin token and nobody's key; that the server has none is not the asker's to mend.
        await credentials.ownScope(undefined).catch(orNone('unauthorized'));
    if (own !== undefined) return own;
    throw new AppError(
      'invalid_request',
      'The parameter scope is missing: entries belong to the credentials of clients here, as in scope=token:NAME.',
      { field: 'scope' },
    );
  }
  if (isScope(named)) return named;
  throw new AppError('invalid_request', `The parameter scope must be ${SCOPE_FORMS}.`, { field: 'scope' });
}

/** Whoever has no credential can still look, at the entries of somebody. */
function orNameOne(error: unknown): never {
  if (!isAppError(error, 'unauthorized')) throw error;
  const { message, field } = error;
  throw new AppError('unauthorized', `${message} Without a key, name whose entries are meant: a scope.`, {
    field,
    cause: error,
  });
}

/** For a failure that means that there is nothing. */
function orNone(code: ErrorCode): (error: unknown) => undefined {
  return (error) => {
    if (!isAppError(error, code)) throw error;
  };
}

/** Those of the request that is explained. Who asks for the explanation, and with which program, is not of it. */
function headersLeftOut(c: Context): readonly ExcludedField[] {
  return excludedHeaders((name) => /^x-/i.test(name) && c.req.header(name) !== undefined);
}
