import { type Context, Hono } from 'hono';
import { isAppError } from '../../core/errors.ts';
import { decodeUtf8 } from '../../core/json/json-text.ts';
import { endSession, requireOwnPage, startSession } from '../admin/admin-session.ts';
import type { HttpOptions, PageServices } from '../dependencies.ts';
import { errorHeaders } from '../wire/error-headers.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { statusOf } from '../wire/problem.ts';
import { type BodyLimits, withBody } from '../wire/read-body.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { LoginPage } from './login.tsx';
import { pageResponse } from './response.ts';

/** A token and a path are short. */
const MAX_FORM_BYTES = 8 * 1024;

/** The way into the admin page and out of it, where a token is asked for. */
export function loginRoutes(services: PageServices, options: HttpOptions): Hono {
  const { adminAccess, platform, bodies, clock } = services;
  const limits: BodyLimits = { maxBytes: MAX_FORM_BYTES, budget: bodies, clock };
  const routes = new Hono();
  routes.get('/admin/login', async (c) => {
    const next = ownPath(c.req.query('next'));
    if (adminAccess.isFree) return c.redirect(next, 303);
    adminAccess.requireToken();
    return pageResponse(<LoginPage next={next} />);
  });
  routes.post('/admin/login', async (c) => {
    requireOwnPage(c, options);
    const form = await readForm(c, limits);
    const next = ownPath(form.get('next') ?? undefined);
    try {
      await adminAccess.admit(form.get('token') ?? '', platform.clientAddress(c));
    } catch (error) {
      if (!isAppError(error, 'unauthorized') && !isAppError(error, 'throttled')) throw error;
      const headers = errorHeaders(error, requestRecordOf(c).requestId);
      return pageResponse(<LoginPage next={next} problem={error.message} />, statusOf(error), headers);
    }
    await startSession(c, services);
    return c.redirect(next, 303);
  });
  routes.all('/admin/login', methodNotAllowed('GET, POST'));
  routes.post('/admin/logout', async (c) => {
    requireOwnPage(c, options);
    await endSession(c, services);
    return c.redirect('/admin/login', 303);
  });
  routes.all('/admin/logout', methodNotAllowed('POST'));
  return routes;
}

async function readForm(c: Context, limits: BodyLimits): Promise<URLSearchParams> {
  return await withBody(c, limits, async (bytes) => new URLSearchParams(decodeUtf8(bytes)));
}

/** Where to go from the door: a page of ours, whoever wrote the link to it. */
function ownPath(next: string | undefined): string {
  return next !== undefined && /^\/admin(?:[/?][\x21-\x5b\x5d-\x7e]*)?$/.test(next) ? next : '/admin';
}
