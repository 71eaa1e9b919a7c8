/** Every failure that dashcache itself can tell a caller, in any dialect; each dialect has its table to status and body. */
export type ErrorCode =
  // the request
  | 'invalid_json'
  | 'invalid_request'
  | 'missing_model'
  | 'missing_input'
  | 'unknown_model'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'reference_refused'
  | 'reference_unavailable'
  | 'upload_unknown'
  | 'not_found'
  | 'method_not_allowed'
  // who asks
  | 'unauthorized'
  | 'forbidden'
  | 'passthrough_disabled'
  | 'throttled'
  // the cache
  | 'not_cached'
  | 'overloaded'
  | 'paced_out'
  | 'shutting_down'
  // upstream
  | 'loop'
  | 'proof_unavailable'
  | 'upstream_unreachable'
  | 'upstream_timeout'
  | 'upstream_invalid'
  | 'upstream_refused'
  | 'image_too_large'
  | 'outcome_unknown'
  | 'no_image'
  | 'not_stored'
  // below
  | 'constraint'
  | 'storage_full'
  | 'storage_failed'
  | 'config'
  | 'internal';

export interface AppErrorOptions extends ErrorOptions {
  /** The request field at fault, as a path: `input.messages[0].content[1].image`. */
  readonly field?: string | undefined;
  /** When it is worth trying again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** What the path does take, as in `Allow`: `GET, HEAD`. */
  readonly allow?: string | undefined;
  /** The vendor's own refusal, where that is the failure. */
  readonly upstream?: UpstreamStatus | undefined;
}

/** What the vendor answered instead of a picture: its status and, where it gave one, its code. */
export interface UpstreamStatus {
  readonly status: number;
  readonly code: string | undefined;
}

/**
 * The one error class. `code` is stable and decides what callers see; `message` is written for them and names the
 * field; `cause` is for the log and is never sent.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly allow: string | undefined;
  readonly upstream: UpstreamStatus | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
    this.retryAfterMs = options.retryAfterMs;
    this.allow = options.allow;
    this.upstream = options.upstream;
  }
}

/** True for an `AppError` with this code. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** An `invalid_request` about a field of the body. `problem` follows its name: `must be true or false`. */
export function invalid(field: string, problem: string): AppError {
  return new AppError('invalid_request', `The field ${field} ${problem}.`, { field });
}
