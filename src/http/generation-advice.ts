import type { ErrorCode } from '../core/errors.ts';

/** Where another try changes nothing, or may pay for the same picture twice. */
const NOT_TO_BE_RETRIED: ReadonlySet<ErrorCode> = new Set([
  'not_cached',
  'loop',
  'outcome_unknown',
  'image_too_large',
]);

/** What a caller of `image.generate` can do about an error, in a sentence; undefined when there is nothing to say. */
export function generationAdvice(status: number, code: ErrorCode): string | undefined {
  if (status === 401 || status === 403) {
    return 'Check DASHSCOPE_API_KEY or ~/.alibabacloud/credentials, and the access policy of the key.';
  }
  if (status === 400) return 'Use a common size (WIDTH*HEIGHT) and check the fields.';
  if (status === 429) return 'Retry with backoff, or reduce concurrency.';
  if (status >= 500 && !NOT_TO_BE_RETRIED.has(code)) return 'Retry with backoff once or twice.';
  return undefined;
}
