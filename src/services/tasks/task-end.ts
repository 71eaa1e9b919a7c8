import { isSuccess } from '../../core/dashscope/answer.ts';
import { type ErrorCode, isAppError } from '../../core/errors.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { ImageOutcome } from '../image-request.ts';
import type { Purchase } from '../purchases/purchase.ts';
import { UpstreamRefusal } from '../upstream-refusal.ts';
import type { TaskEnd } from './task.ts';

const UNKNOWN_OUTCOME = 'OutcomeUnknown';

/** What a task says of failures that its client must tell apart. */
const CODES: ReadonlyMap<ErrorCode, string> = new Map([
  ['no_image', 'NoImage'],
  ['outcome_unknown', UNKNOWN_OUTCOME],
]);

/** What a request came to, to a task. */
export function endOfOutcome(outcome: ImageOutcome, at: number): TaskEnd {
  return outcome.kind === 'relay'
    ? endOfAnswer(outcome.answer, at)
    : { state: 'SUCCEEDED', at, entryId: outcome.entry.id };
}

/** What an answer of upstream's that was not stored is to a task. */
export function endOfAnswer({ status, body: bytes }: UpstreamAnswer, at: number): TaskEnd {
  const body = new TextDecoder().decode(bytes);
  if (isSuccess(status)) return { state: 'SUCCEEDED', at, body };
  return body.includes('"code":"TaskCanceled"') ? taskCanceled(at) : { state: 'FAILED', at, body };
}

/** The vendor has dropped it. */
export function taskCanceled(at: number): TaskEnd {
  return { state: 'CANCELED', at };
}

/** What a failure is to a task. */
export function endOfFailure(error: unknown, at: number): TaskEnd {
  // The vendor's word on a file stands for its word on the task.
  if (error instanceof UpstreamRefusal)
    return { state: 'FAILED', at, body: new TextDecoder().decode(error.answer.body) };
  if (!isAppError(error)) return failed('An internal error has occurred.', at);
  return failed(error.message, at, CODES.get(error.code));
}

/**
 * What a purchase's row alone tells a task; undefined while it may still come to something. Tasks are told of its end by the
 * transaction that ends it: this is for those that an older version left, or whose purchase could not be written.
 */
export function endOfPurchase(purchase: Purchase | undefined, at: number): TaskEnd | undefined {
  switch (purchase?.state) {
    case 'intended':
    case 'sent':
    case 'accepted':
    case 'answered':
      return undefined;
    case 'stored':
      return { state: 'SUCCEEDED', at, entryId: purchase.entryId };
    case undefined:
      return failed(
        'The server stopped, and there is no record that this was sent upstream. Submit it again.',
        at,
      );
    case 'refused':
      return failed(`Upstream refused it with status ${purchase.status}.`, at);
    case 'failed':
    case 'withdrawn':
      return failed('Upstream drew nothing.', at);
    case 'unstored':
      return failed('It was drawn, but the server stopped before the picture could be handed on.', at);
    case 'unknown':
      return failed(
        'What became of this task is not known; it may have been drawn and paid for.',
        at,
        UNKNOWN_OUTCOME,
      );
  }
}

function failed(message: string, at: number, code = 'InternalError'): TaskEnd {
  return { state: 'FAILED', at, body: JSON.stringify({ code, message }) };
}
