import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { generationAdvice } from '../../src/http/generation-advice.ts';
import { problemResponse } from '../../src/http/problem.ts';

describe('a problem (RFC 9457)', () => {
  it('names status, code, field and request', async () => {
    const error = new AppError('invalid_request', 'The field size must be a string.', { field: 'size' });
    const response = problemResponse(error, 'r-1');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-request-id')).toBe('r-1');
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'The field size must be a string.',
      code: 'invalid_request',
      field: 'size',
      request_id: 'r-1',
    });
  });

  it('says when to come back, and what the path takes', () => {
    const throttled = problemResponse(new AppError('throttled', 'Slowly.', { retryAfterMs: 1_200 }), 'r');
    expect(throttled.headers.get('retry-after')).toBe('2');
    const refused = problemResponse(new AppError('method_not_allowed', 'No.', { allow: 'POST' }), 'r');
    expect(refused.headers.get('allow')).toBe('POST');
  });

  it('says with a 401 what to show', () => {
    const response = problemResponse(new AppError('unauthorized', 'Who?'), 'r');
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each(['constraint', 'storage_full', 'storage_failed', 'config', 'internal'] as const)(
    'tells nothing of our insides: %s',
    async (code) => {
      const error = new AppError(code, 'SQLITE_FULL at /var/lib/x', { field: 'entries.key' });
      const body = await problemResponse(error, 'r').text();
      expect(body).not.toMatch(/SQLITE|\/var|entries|constraint|storage/);
      expect(JSON.parse(body)).toMatchObject({ code: 'internal' });
    },
  );

  it.each([
    ['unauthorized', 'credentials'],
    ['forbidden', 'access policy'],
    ['invalid_request', 'WIDTH*HEIGHT'],
    ['overloaded', 'backoff'],
    ['upstream_unreachable', 'once or twice'],
  ] as const)('advises the caller of image.generate: %s', async (code, words) => {
    const advised = await problemResponse(new AppError(code, 'So.'), 'r', generationAdvice).json();
    expect(advised.detail).toMatch(/^So\. /);
    expect(advised.detail).toContain(words);
  });

  it.each(['not_found', 'not_cached', 'loop', 'outcome_unknown'] as const)(
    'advises nothing where another try changes nothing, or may pay twice: %s',
    async (code) => {
      const { detail } = await problemResponse(new AppError(code, 'So.'), 'r', generationAdvice).json();
      expect(detail).toBe('So.');
    },
  );
});
