import type { AppError, ErrorCode } from '../../core/errors.ts';

/** Codes whose message is about our insides: logged, never sent, in any dialect. */
const PRIVATE: ReadonlySet<ErrorCode> = new Set([
  'constraint',
  'storage_full',
  'storage_failed',
  'config',
  'internal',
]);

/** Whether an error's message is for the log only. */
export function isPrivate(error: AppError): boolean {
  return PRIVATE.has(error.code);
}

/** The headers that an error brings along in every dialect. */
export function errorHeaders(error: AppError, requestId: string): Record<string, string> {
  const headers: Record<string, string> = { 'x-request-id': requestId };
  if (error.retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  if (error.allow !== undefined) headers.allow = error.allow;
  return headers;
}
