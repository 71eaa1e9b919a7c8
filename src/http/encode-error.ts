import type { Context } from 'hono';
import type { AppError } from '../core/errors.ts';
import { dashScopeError } from './dashscope/dashscope-errors.ts';
import { errorHint } from './image-generate/error-hints.ts';
import { openAiError } from './openai/openai-errors.ts';
import { isForPerson, pageError } from './page/page-error.tsx';
import { problemResponse } from './wire/problem.ts';

/** A failure in a door's own shape. */
type EncodeError = (error: AppError, requestId: string) => Response;

/** The dialect of each path, by the beginning of it; DashScope's for all others. */
const DIALECTS: readonly (readonly [prefix: string, encode: EncodeError])[] = [
  ['/v1/image.generate', (error, requestId) => problemResponse(error, requestId, errorHint)],
  ['/v1/', openAiError],
  ['/admin', (error, requestId) => problemResponse(error, requestId)],
  ['/metrics', (error, requestId) => problemResponse(error, requestId)],
];

/** The answer to a request that failed, in the dialect of the door that it came to. */
export function encodeError(c: Context, error: AppError, requestId: string): Response | Promise<Response> {
  if (isForPerson(c)) return pageError(c, error, requestId);
  const dialect = DIALECTS.find(([prefix]) => c.req.path.startsWith(prefix));
  const encode = dialect?.[1] ?? dashScopeError;
  return encode(error, requestId);
}
