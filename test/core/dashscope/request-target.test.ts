import { describe, expect, it } from 'vitest';
import { requireStraight } from '../../../src/core/dashscope/request-target.ts';

describe('paths that upstream might read otherwise', () => {
  it.each([
    '/api/v1/../admin',
    '/api/v1/..',
    '/./api',
    '/api/%2e%2e/admin',
    '/api/.%2E/admin',
    '/api\\..\\admin',
    'api/v1',
    '/api/v1/..%2fadmin',
    '/api/v1%2F..%2Fadmin',
    '/api/v1/%2e%2e%2Fadmin',
    '/api/v1/..%5cadmin',
    '/api/v1/..;/admin',
    '/api/v1/..;x=1/admin',
  ])('are refused: %s', (target) => {
    expect(() => requireStraight(target)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it.each([
    '/api/v1/a..b/...',
    '/a/.well-known/x',
    '/x?next=/../y',
    '/a%2Fb',
    '/a/b..',
    '/;v=1/x',
    '/.a/..b/c.',
  ])('are not these: %s', (target) => {
    expect(requireStraight(target)).toBe(target);
  });
});
