import type { AppError, ErrorCode } from '../../core/errors.ts';
import { mayBePaid } from '../wire/error-headers.ts';
import { statusOf } from '../wire/problem.ts';

/** Where another try changes nothing. */
const NOT_TO_BE_RETRIED: ReadonlySet<ErrorCode> = new Set(['not_cached', 'loop']);

/** RFC 5842; a dashcache upstream may have found it. */
const LOOP_DETECTED = 508;

/**
 * What a caller of `image.generate` can do about an error, in a sentence; undefined when there is nothing to say, as
 * where the error itself names what is wrong with the request.
 */
export function errorHint(error: AppError): string | undefined {
  const { code, field, upstream } = error;
  const status = statusOf(error);
  if (mayBePaid(error)) return undefined;
  if (code === 'upstream_unreachable') return "Retry with backoff once or twice; dashcache's log says why.";
  if (code === 'unauthorized' || upstream?.status === 401 || upstream?.status === 403) {
    return 'Check DASHSCOPE_API_KEY or ~/.alibabacloud/credentials, and the access policy of the key.';
  }
  if (field === 'size' || upstream?.code === 'InvalidParameter') {
    return 'Use a common size (WIDTH*HEIGHT) and check the fields.';
  }
  if (status === 429) return 'Retry with backoff, or reduce concurrency.';
  if (status >= 500 && status !== LOOP_DETECTED && !NOT_TO_BE_RETRIED.has(code)) {
    return 'Retry with backoff once or twice.';
  }
  return undefined;
}
