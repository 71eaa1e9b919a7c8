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

/**
 * The image may have been drawn, and paid for: another try would pay once more. Each has a status that no client known to us
 * retries by itself, as they do 408, 409, 429 and every 5xx.
 */
const PAID: ReadonlySet<ErrorCode> = new Set([
  'outcome_unknown',
  'upstream_timeout',
  'image_too_large',
  'not_stored',
  'no_image',
]);

/** Whether the image of a request that failed may have been paid for all the same. */
export function mayBePaid(error: AppError): boolean {
  return PAID.has(error.code);
}

/** The headers that an error brings along in every dialect. */
export function errorHeaders(error: AppError, requestId: string): Record<string, string> {
  const headers: Record<string, string> = { 'x-request-id': requestId };
  if (mayBePaid(error)) headers['x-should-retry'] = 'false';
  else if (error.retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  if (error.allow !== undefined) headers.allow = error.allow;
  return headers;
}
