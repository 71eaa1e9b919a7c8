import type { AppError, ErrorCode } from '../../core/errors.ts';
import { errorHeaders, isPrivate } from './error-headers.ts';
import type { ProblemBody } from './problem-schema.ts';

/** What a door has its callers do about an error, in a sentence; undefined when it has nothing to say. */
export type Advise = (error: AppError) => string | undefined;

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_json: 400,
  invalid_request: 400,
  missing_model: 400,
  missing_input: 400,
  unknown_model: 400,
  unsupported_media_type: 415,
  body_too_large: 413,
  reference_refused: 400,
  reference_unavailable: 400,
  upload_unknown: 400,
  not_found: 404,
  method_not_allowed: 405,
  unauthorized: 401,
  forbidden: 403,
  passthrough_disabled: 403,
  throttled: 429,
  not_cached: 504,
  overloaded: 429,
  paced_out: 503,
  shutting_down: 503,
  loop: 508,
  proof_unavailable: 503,
  upstream_unreachable: 502,
  // May be paid for: see `mayBePaid`.
  upstream_timeout: 424,
  upstream_invalid: 502,
  // Where upstream gave a status, its own.
  upstream_refused: 502,
  image_too_large: 424,
  outcome_unknown: 424,
  no_image: 422,
  not_stored: 424,
  constraint: 500,
  storage_full: 507,
  storage_failed: 500,
  config: 500,
  internal: 500,
};

/** The statuses' own names (RFC 9110), as `about:blank` asks. */
const TITLES: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [413, 'Content Too Large'],
  [415, 'Unsupported Media Type'],
  [422, 'Unprocessable Content'],
  // RFC 4918.
  [424, 'Failed Dependency'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [507, 'Insufficient Storage'],
  [508, 'Loop Detected'],
]);

const NO_ADVICE: Advise = () => undefined;

/** Upstream's own status where it refused, else the one that the error's code stands for. */
export function statusOf(error: AppError): number {
  return error.upstream?.status ?? STATUS[error.code];
}

/** The problem that an error is to a caller; of what went wrong in here it tells nothing. */
export function problemOf(error: AppError, requestId: string, advise: Advise = NO_ADVICE): ProblemBody {
  const status = statusOf(error);
  const hidden = isPrivate(error);
  const what = hidden ? 'Something went wrong in dashcache; its log has this request id.' : error.message;
  const advice = advise(error);
  return {
    type: 'about:blank',
    title: TITLES.get(status) ?? 'Error',
    status,
    detail: advice === undefined ? what : `${sentence(what)} ${advice}`,
    code: hidden ? 'internal' : error.code,
    ...(error.field === undefined || hidden ? {} : { field: error.field }),
    ...(error.upstream?.code === undefined ? {} : { upstream_code: error.upstream.code }),
    request_id: requestId,
  };
}

/** The vendor's messages often end without a full stop. */
function sentence(text: string): string {
  return /[.!?。！？]$/.test(text) ? text : `${text}.`;
}

/** The answer to a request that failed, as `application/problem+json`. */
export function problemResponse(error: AppError, requestId: string, advise?: Advise): Response {
  const problem = problemOf(error, requestId, advise);
  const headers = {
    ...errorHeaders(error, requestId),
    'content-type': 'application/problem+json',
    // RFC 9110 section 15.5.2: a 401 says what to show.
    ...(problem.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  };
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
