import { describe, expect, it } from 'vitest';
import {
  type Directives,
  forStream,
  isFresh,
  MAX_TAKE,
  NO_DIRECTIVES,
  readDirectives,
} from '../../../src/core/cache/directives.ts';

function failureOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

describe('forStream', () => {
  it('takes no-cache for the way in which streams are asked for, and nothing else', () => {
    const given = readDirectives('no-cache, no-store, only-if-cached, max-age=0', '3');
    expect(forStream(given)).toEqual({ ...given, noCache: false });
    expect(forStream(NO_DIRECTIVES)).toBe(NO_DIRECTIVES);
  });
});

describe('readDirectives', () => {
  it('asks for nothing without headers', () => {
    expect(readDirectives(undefined, undefined)).toEqual(NO_DIRECTIVES);
    expect(readDirectives('', undefined)).toEqual(NO_DIRECTIVES);
  });

  it.each<[string, Partial<Directives>]>([
    ['no-cache', { noCache: true }],
    ['no-store', { noStore: true }],
    ['only-if-cached', { onlyIfCached: true }],
    ['max-age=60', { maxAgeSeconds: 60 }],
    ['max-age=0', { maxAgeSeconds: 0 }],
    ['max-age="60"', { maxAgeSeconds: 60 }],
    ['NO-CACHE', { noCache: true }],
    ['Max-Age=5', { maxAgeSeconds: 5 }],
    ['no-cache, no-store', { noCache: true, noStore: true }],
    [' no-cache ,, only-if-cached ', { noCache: true, onlyIfCached: true }],
    ['no-cache,max-age=3', { noCache: true, maxAgeSeconds: 3 }],
    ['no-transform, min-fresh=5, novelty="x"', {}],
    ['novelty="a, no-store, b"', {}],
    [String.raw`novelty="a\", no-store, \"b", no-cache`, { noCache: true }],
    ['x-no-cache', {}],
  ])('%s', (cacheControl, expected) => {
    expect(readDirectives(cacheControl, undefined)).toEqual({ ...NO_DIRECTIVES, ...expected });
  });

  it.each(['max-age', 'max-age=', 'max-age=-1', 'max-age=1.5', 'max-age=soon', 'max-age="1 2"'])(
    'refuses %s',
    (cacheControl) => {
      expect(failureOf(() => readDirectives(cacheControl, undefined))).toMatchObject({
        code: 'invalid_request',
        field: 'Cache-Control',
      });
    },
  );

  it.each([
    ['1', 1],
    ['3', 3],
    [String(MAX_TAKE), MAX_TAKE],
  ])('takes take %s', (take, expected) => {
    expect(readDirectives(undefined, take)).toEqual({ ...NO_DIRECTIVES, take: expected });
  });

  it.each(['', '0', '-1', '1.0', '1e2', 'x', String(MAX_TAKE + 1), '9'.repeat(30)])(
    'refuses take %j',
    (take) => {
      expect(failureOf(() => readDirectives(undefined, take))).toMatchObject({
        code: 'invalid_request',
        field: 'X-Dashcache-Take',
      });
    },
  );
});

it.each([
  [0, undefined, true],
  [0, 0, false],
  [0, 1, true],
  [60, 60, true],
  [61, 60, false],
])('an answer of %i s is young enough for max-age=%s: %s', (age, maxAgeSeconds, fresh) => {
  expect(isFresh(age, { maxAgeSeconds })).toBe(fresh);
});
