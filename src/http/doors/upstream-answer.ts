import { type Answer, isSuccess, readAnswer } from '../../core/dashscope/answer.ts';
import { urlOf } from '../../core/dashscope/answer-assets.ts';
import { AppError } from '../../core/errors.ts';
import { findHeader } from '../../core/headers.ts';
import { isJsonObject, type JsonValue } from '../../core/json/json-value.ts';
import { parseRetryAfter } from '../../core/retry-policy.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';

/** A success of upstream's, read; undefined where it is none, or brings no picture. */
export function imageAnswer({ status, body }: Pick<UpstreamAnswer, 'status' | 'body'>): Answer | undefined {
  const read = isSuccess(status) ? readAnswer(body) : undefined;
  return read?.kind === 'assets' ? read : undefined;
}

/** The URLs of the pictures in an answer of upstream's; none where it is no success. */
export function imagesOf(answer: Pick<UpstreamAnswer, 'status' | 'body'>): readonly string[] {
  return imageAnswer(answer)?.assets.map(urlOf) ?? [];
}

/**
 * An answer of upstream's without an image as an error, for dialects that are not its own. Some refusals come with status 200;
 * a success that nobody can read may have been paid for.
 */
export function refusedBy({ status, headers, body }: UpstreamAnswer, now: number): AppError {
  if (isSuccess(status) && readAnswer(body).kind !== 'refusal') {
    return new AppError(
      'outcome_unknown',
      'Upstream answered with success, but with no image that can be read. It may have been drawn and paid for.',
    );
  }
  const value = parse(new TextDecoder().decode(body));
  const { code, message } = isJsonObject(value) ? value : {};
  const retryAfter = findHeader(headers, 'retry-after');
  return new AppError(
    'upstream_refused',
    typeof message === 'string' && message !== '' ? message : `Upstream answered ${status}.`,
    {
      upstream: { status: status < 400 ? 502 : status, code: typeof code === 'string' ? code : undefined },
      retryAfterMs: parseRetryAfter(retryAfter, now),
    },
  );
}

function parse(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    // A gateway's page: its status says all there is to say.
    return undefined;
  }
}
