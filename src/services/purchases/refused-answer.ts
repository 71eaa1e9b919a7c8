import { readErrorBody } from '../../core/dashscope/error-body.ts';
import { AppError } from '../../core/errors.ts';
import type { Refused } from '../../core/purchases/may-have-drawn.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';

/** As much of a gateway's page as says what happened. */
const PAGE_BYTES = 2_048;

/** What an answer that is no success says: the vendor's code and words, or a gateway's page. */
export function readRefused({ status, body }: Pick<UpstreamAnswer, 'status' | 'body'>): Refused {
  const { code, message } = readErrorBody(body);
  return { status, code, message: message ?? new TextDecoder().decode(body.subarray(0, PAGE_BYTES)) };
}

/** For what was sent and may have been drawn, and whose answer will not come. */
export function outcomeUnknown(what: string, cause?: unknown): AppError {
  const message = `${what} Whether it drew is not known, so it was not sent again.`;
  return new AppError('outcome_unknown', message, { cause });
}
