import type { Context } from 'hono';
import type { AppError } from '../../core/errors.ts';
import { errorHeaders } from '../wire/error-headers.ts';
import { problemOf } from '../wire/problem.ts';
import { ErrorPage } from './error.tsx';
import { pageResponse } from './response.ts';

/** True for what a browser opens, false for what a program or a page's script asks. */
export function isForPerson(c: Context): boolean {
  const { path } = c.req;
  if (path !== '/admin' && !path.startsWith('/admin/')) return false;
  return !path.startsWith('/admin/api/') && c.req.header('accept')?.includes('text/html') === true;
}

/** A failure as a page; who is not in is shown to the door, and led back from there. */
export function pageError(c: Context, error: AppError, requestId: string): Response | Promise<Response> {
  if (error.code === 'unauthorized') {
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`/admin/login?next=${encodeURIComponent(pathname + search)}`, 303);
  }
  const problem = problemOf(error, requestId);
  return pageResponse(<ErrorPage problem={problem} />, problem.status, errorHeaders(error, requestId));
}
