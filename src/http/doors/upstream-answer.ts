import { type Answer, readAnswer } from '../../core/dashscope/answer.ts';
import { AppError } from '../../core/errors.ts';
import { findHeader } from '../../core/headers.ts';
import { isJsonObject, type JsonValue } from '../../core/json/json-text.ts';
import { parseRetryAfter } from '../../core/retry-policy.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';

/** A success of upstream's, read; undefined where it is none, or brings no picture. */
export function pictureAnswer({ status, body }: Pick<UpstreamAnswer, 'status' | 'body'>): Answer | undefined {
  if (status !== 200) return undefined;
  const text = new TextDecoder().decode(body);
  const value = parse(text);
  const read = value === undefined ? undefined : readAnswer(text, value);
  return read === undefined || 'refusal' in read || read.imageUrls.length === 0 ? undefined : read;
}

/** The URLs of the pictures in an answer of upstream's; none where it is no success. */
export function picturesOf(answer: Pick<UpstreamAnswer, 'status' | 'body'>): readonly string[] {
  return pictureAnswer(answer)?.imageUrls ?? [];
}

/** Upstream's refusal as an error, for dialects that are not its own. Some of them come with status 200. */
export function refusedBy({ status, headers, body }: UpstreamAnswer, now: number): AppError {
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
