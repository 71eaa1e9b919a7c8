import type { AppError } from '../core/errors.ts';
import { dashScopeError } from './dashscope-errors.ts';
import { generationAdvice } from './generation-advice.ts';
import { problemResponse } from './problem.ts';

type ErrorAnswer = (error: AppError, requestId: string) => Response;

/** Which paths tell errors otherwise than the vendor does: the first that fits counts. */
const DIALECTS: readonly (readonly [paths: RegExp, answer: ErrorAnswer])[] = [
  [/^\/v1\/image\.generate(\/|$)/, (error, requestId) => problemResponse(error, requestId, generationAdvice)],
  [/^\/(admin|docs|openapi\.json)(\/|$)/, (error, requestId) => problemResponse(error, requestId)],
];

/** An error in the words that callers of this path understand. */
export function errorAnswer(path: string, error: AppError, requestId: string): Response {
  const [, answer] = DIALECTS.find(([paths]) => paths.test(path)) ?? [undefined, dashScopeError];
  return answer(error, requestId);
}
