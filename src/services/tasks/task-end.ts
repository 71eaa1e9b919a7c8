import { type ErrorCode, isAppError } from '../../core/errors.ts';
import type { Attempt } from '../attempts/attempt.ts';
import type { FlightOutcome, ImageOutcome } from '../image-request.ts';
import { UpstreamRefusal } from '../upstream-refusal.ts';
import type { TaskEnd } from './task.ts';

const UNKNOWN_OUTCOME = 'OutcomeUnknown';

/** What a task says of failures that its client must tell apart. */
const CODES: ReadonlyMap<ErrorCode, string> = new Map([
  ['no_image', 'NoImage'],
  ['outcome_unknown', UNKNOWN_OUTCOME],
  ['upstream_timeout', UNKNOWN_OUTCOME],
]);

/** What a flight's outcome is to a task. */
export function endOfOutcome(outcome: ImageOutcome | FlightOutcome, at: number): TaskEnd {
  if (outcome.kind !== 'relay') return { state: 'SUCCEEDED', at, entryId: outcome.entry.id };
  const body = new TextDecoder().decode(outcome.answer.body);
  if (outcome.answer.status === 200) return { state: 'SUCCEEDED', at, body };
  return { state: body.includes('"code":"TaskCanceled"') ? 'CANCELED' : 'FAILED', at, body };
}

/** What a flight's failure is to a task. */
export function endOfFailure(error: unknown, at: number): TaskEnd {
  // The vendor's word on a file stands for its word on the task.
  if (error instanceof UpstreamRefusal)
    return { state: 'FAILED', at, body: new TextDecoder().decode(error.answer.body) };
  if (!isAppError(error)) return failed('An internal error has occurred.', at);
  return failed(error.message, at, CODES.get(error.code));
}

/**
 * What an attempt's record alone tells a task, when whoever bought it is gone; undefined while it may still come to
 * something. No record: it is written before anything is sent.
 */
export function endOfAttempt(attempt: Attempt | undefined, at: number): TaskEnd | undefined {
  switch (attempt?.state) {
    case 'open':
    case 'submitted':
    case 'answered':
      return undefined;
    case 'stored':
      return { state: 'SUCCEEDED', at, entryId: attempt.entryId };
    case undefined:
      return failed(
        'The server stopped, and there is no record that this was sent upstream. Submit it again.',
        at,
      );
    case 'refused':
      return failed(`Upstream refused it with status ${attempt.status}.`, at);
    case 'failed':
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
