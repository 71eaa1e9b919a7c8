import type { AppError, ErrorCode } from '../../core/errors.ts';
import { isRetryable } from '../../core/retry-policy.ts';
import { errorHeaders, isPrivate, mayBePaid } from '../wire/error-headers.ts';
import { statusOf } from '../wire/problem.ts';
import type { OpenAiErrorBody } from './openai-schema.ts';

/** OpenAI's own `code` where it has one for the case; elsewhere it is ours. */
const CODES: ReadonlyMap<ErrorCode, string> = new Map([
  ['invalid_request', 'invalid_value'],
  ['unknown_model', 'model_not_found'],
  ['unauthorized', 'invalid_api_key'],
  ['throttled', 'rate_limit_exceeded'],
  ['overloaded', 'rate_limit_exceeded'],
]);

/** Where a further try ends in the same way. OpenAI's SDKs would make two by themselves. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'not_cached',
  'loop',
  'upstream_invalid',
  'constraint',
  'config',
  'internal',
]);

/** `{"error":{message, type, param, code}}` with its status, as OpenAI's SDKs read it. */
export function openAiError(error: AppError, requestId: string): Response {
  const status = error.code === 'unknown_model' ? 404 : statusOf(error);
  const hidden = isPrivate(error);
  const body: OpenAiErrorBody = {
    error: {
      message: hidden ? 'Something went wrong in dashcache; its log has this request id.' : error.message,
      type: mayBePaid(error) ? 'server_error' : typeOf(status),
      param: hidden ? null : (error.field ?? null),
      code: hidden ? 'internal' : (error.upstream?.code ?? CODES.get(error.code) ?? error.code),
    },
  };
  return Response.json(body, {
    status,
    headers: { ...errorHeaders(error, requestId), ...(isFinal(error) ? { 'x-should-retry': 'false' } : {}) },
  });
}

function typeOf(status: number): OpenAiErrorBody['error']['type'] {
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function isFinal({ code, upstream, message }: AppError): boolean {
  return upstream === undefined ? FINAL.has(code) : !isRetryable({ ...upstream, message });
}
