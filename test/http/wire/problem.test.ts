import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { errorHint } from '../../../src/http/image-generate/error-hints.ts';
import { problemResponse } from '../../../src/http/wire/problem.ts';

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

  const detailOf = async (error: AppError): Promise<string> =>
    (await problemResponse(error, 'r', errorHint).json()).detail;
  const refusal = (status: number, code?: string, message = 'So.') =>
    new AppError('upstream_refused', message, { upstream: { status, code } });

  it.each([
    [new AppError('unauthorized', 'So.'), 'credentials'],
    [refusal(401, 'InvalidApiKey'), 'credentials'],
    [refusal(403, 'AccessDenied'), 'access policy'],
    [refusal(400, 'InvalidParameter'), 'WIDTH*HEIGHT'],
    [new AppError('invalid_request', 'So.', { field: 'size' }), 'WIDTH*HEIGHT'],
    [new AppError('overloaded', 'So.'), 'backoff'],
    [refusal(500), 'once or twice'],
    [new AppError('upstream_unreachable', 'So.'), 'log'],
  ])('advises the caller of image.generate: %s', async (error, words) => {
    const detail = await detailOf(error);
    expect(detail).toMatch(/^So\. /);
    expect(detail).toContain(words);
  });

  it('keeps what the vendor says apart from the advice', async () => {
    expect(await detailOf(refusal(400, 'InvalidParameter', 'n must be 1'))).toMatch(/^n must be 1\. Use /);
    expect(await detailOf(refusal(400, 'InvalidParameter', '尺寸不对。'))).toMatch(/^尺寸不对。 Use /);
  });

  it.each(['not_found', 'not_cached', 'loop', 'outcome_unknown'] as const)(
    'advises nothing where another try changes nothing, or may pay twice: %s',
    async (code) => expect(await detailOf(new AppError(code, 'So.'))).toBe('So.'),
  );

  it.each([
    new AppError('invalid_request', 'So.'),
    new AppError('invalid_json', 'So.'),
    new AppError('unknown_model', 'So.'),
    new AppError('reference_unavailable', 'So.'),
    new AppError('forbidden', 'So.'),
    refusal(400, 'Arrearage'),
    refusal(400, 'DataInspectionFailed'),
    refusal(508, 'LoopDetected'),
  ])('advises nothing where the error says itself what is wrong: %s', async (error) => {
    expect(await detailOf(error)).toBe('So.');
  });
});
