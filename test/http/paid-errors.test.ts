import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../src/core/errors.ts';
import { dashScopeError } from '../../src/http/dashscope/dashscope-errors.ts';
import { errorHint } from '../../src/http/image-generate/error-hints.ts';
import { openAiError } from '../../src/http/openai/openai-errors.ts';
import { problemResponse } from '../../src/http/wire/problem.ts';

const DIALECTS = {
  DashScope: dashScopeError,
  'image.generate': (error: AppError, requestId: string) => problemResponse(error, requestId, errorHint),
  OpenAI: openAiError,
} as const;

/** What may have been paid for: another try would pay once more. */
const PAID: readonly ErrorCode[] = [
  'outcome_unknown',
  'upstream_timeout',
  'image_too_large',
  'not_stored',
  'no_image',
];

/** Retried by themselves: OpenAI's SDKs, Vercel's AI SDK, urllib3's usual list, the gateways' policies. */
const isOnARetryList = (status: number) => [408, 409, 425, 429].includes(status) || status >= 500;

describe.each(Object.entries(DIALECTS))('in the words of %s', (_, encode) => {
  it.each(PAID)('%s is sent again by no client, and nobody is told to', async (code) => {
    const response = encode(new AppError(code, 'It may have been drawn.', { retryAfterMs: 1_000 }), 'r');
    expect(isOnARetryList(response.status), String(response.status)).toBe(false);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await response.text()).not.toMatch(/retry|again/i);
  });

  it.each(['overloaded', 'throttled', 'shutting_down', 'upstream_unreachable'] as const)(
    '%s may be sent again',
    (code) => {
      const response = encode(new AppError(code, 'Later.', { retryAfterMs: 1_000 }), 'r');
      expect(isOnARetryList(response.status)).toBe(true);
      expect(response.headers.get('x-should-retry')).toBeNull();
      expect(response.headers.get('retry-after')).toBe('1');
    },
  );
});
