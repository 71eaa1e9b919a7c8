import { describe, expect, it } from 'vitest';
import { requireStraight, segmentsOf } from '../../../src/core/dashscope/request-target.ts';

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
    '/api/v1/%252e%252e/admin',
    '/api/v1/..%20/admin',
    '/api/v1/%2e%2e%00/admin',
    '/api/v1/%ef%bc%8e%ef%bc%8e/admin',
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

it.each([
  '/api/v1/tasks/x',
  '/api/v1/tasks%20/x',
  '/api/v1/tasks./x',
  '/api/v1/%5ctasks/x',
  '/api/v1/tasks%5Cx',
  '//api/./v1/tasks/x?y',
  '/api/v1/tasks%252Fx',
  '/API/v1/ta%73ks;a=b/x',
  '/api/v1/tas%E2%84%AAs/x',
  '/api/v1/tasks%00/x',
  '/api/v1/tasks%09/x#y',
  '/api/v1/tasks/x%ff',
])('the most lenient server reads the same in %s', (target) => {
  expect(segmentsOf(target).slice(0, 3)).toEqual(['api', 'v1', 'tasks']);
});
