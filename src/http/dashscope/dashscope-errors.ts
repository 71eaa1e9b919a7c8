import type { AppError, ErrorCode } from '../../core/errors.ts';
import { errorHeaders, isPrivate } from '../wire/error-headers.ts';

/** Status and `code` of each failure in DashScope's dialect; its own codes where it has one for the case. */
const TABLE: Readonly<Record<ErrorCode, readonly [status: number, code: string]>> = {
  invalid_json: [400, 'InvalidParameter'],
  invalid_request: [400, 'InvalidParameter'],
  missing_model: [400, 'BadRequest.EmptyModel'],
  missing_input: [400, 'BadRequest.EmptyInput'],
  unknown_model: [404, 'ModelNotFound'],
  unsupported_media_type: [415, 'BadRequest.UnsupportedMediaType'],
  body_too_large: [413, 'BadRequest.TooLarge'],
  reference_refused: [400, 'InvalidURL'],
  reference_unavailable: [400, 'BadRequest.InputDownloadFailed'],
  upload_unknown: [400, 'InvalidParameter.DataInspection'],
  not_found: [404, 'NotFound'],
  method_not_allowed: [405, 'MethodNotAllowed'],
  unauthorized: [401, 'InvalidApiKey'],
  forbidden: [403, 'AccessDenied'],
  passthrough_disabled: [403, 'AccessDenied'],
  throttled: [429, 'Throttling'],
  not_cached: [504, 'NotCached'],
  overloaded: [429, 'Throttling.RateQuota'],
  // No 429: it would end the SDKs' waiting, which goes on after a 503.
  paced_out: [503, 'Throttling.RateQuota'],
  shutting_down: [503, 'ModelUnavailable'],
  loop: [508, 'LoopDetected'],
  proof_unavailable: [503, 'ModelUnavailable'],
  upstream_unreachable: [502, 'UpstreamUnreachable'],
  // May be paid for: see `mayBePaid`.
  upstream_timeout: [424, 'RequestTimeOut'],
  upstream_invalid: [502, 'UpstreamInvalid'],
  upstream_refused: [502, 'UpstreamRefused'],
  image_too_large: [424, 'UpstreamInvalid'],
  outcome_unknown: [424, 'OutcomeUnknown'],
  no_image: [422, 'NoImage'],
  not_stored: [424, 'NotStored'],
  constraint: [500, 'InternalError'],
  storage_full: [507, 'InternalError'],
  storage_failed: [500, 'InternalError'],
  config: [500, 'InternalError'],
  internal: [500, 'InternalError'],
};

/** `{code, message, request_id}` with its status. */
export function dashScopeError(error: AppError, requestId: string): Response {
  const [status, code] = TABLE[error.code];
  const message = isPrivate(error)
    ? 'An internal error has occurred, please try again later.'
    : error.message;
  const headers = { ...errorHeaders(error, requestId), 'content-type': 'application/json' };
  return new Response(JSON.stringify({ code, message, request_id: requestId }), { status, headers });
}
