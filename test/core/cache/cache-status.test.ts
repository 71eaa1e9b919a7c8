import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheStatus, formatCacheStatus, formatXCache } from '../../../src/core/cache/cache-status.ts';
import { LAW } from '../../support/data/laws.ts';

const miss = { kind: 'forwarded', fwd: 'miss', stored: false, collapsed: false } as const;

describe('formatCacheStatus', () => {
  it.each<[CacheStatus, string]>([
    [{ kind: 'hit', ageSeconds: 5 }, 'dashcache; hit'],
    [{ kind: 'hit', ageSeconds: 5, detail: 'take-2' }, 'dashcache; hit; detail=take-2'],
    [miss, 'dashcache; fwd=miss'],
    [{ ...miss, stored: true }, 'dashcache; fwd=miss; stored'],
    [{ ...miss, stored: true, collapsed: true }, 'dashcache; fwd=miss; stored; collapsed'],
    [{ ...miss, fwdStatus: 429 }, 'dashcache; fwd=miss; fwd-status=429'],
    [{ ...miss, fwd: 'stale', stored: true }, 'dashcache; fwd=stale; stored'],
    [{ ...miss, fwd: 'bypass', detail: 'number' }, 'dashcache; fwd=bypass; detail=number'],
    [{ ...miss, detail: 'not stored' }, 'dashcache; fwd=miss; detail="not stored"'],
  ])('%j', (status, expected) => expect(formatCacheStatus(status)).toBe(expected));

  it('gives the key only when it is told to', () => {
    const key = `k1:${'ab'.repeat(16)}`;
    expect(formatCacheStatus({ kind: 'hit', ageSeconds: 0 }, key)).toBe(`dashcache; hit; key="${key}"`);
    expect(formatCacheStatus({ ...miss, detail: 'x' }, key)).toBe(
      `dashcache; fwd=miss; key="${key}"; detail=x`,
    );
  });

  it.each([
    ['', '""'],
    ['say "no"', String.raw`"say \"no\""`],
    [String.raw`a\b`, String.raw`"a\\b"`],
    ['1st', '"1st"'],
    ['a;b', '"a;b"'],
    ['雨 x', '"? x"'],
    ['a\r\nSet-Cookie: x', '"a??Set-Cookie: x"'],
    ['*/a:b', '*/a:b'],
  ])('writes the detail %j as %s', (detail, expected) => {
    expect(formatCacheStatus({ ...miss, detail })).toBe(`dashcache; fwd=miss; detail=${expected}`);
  });

  it('is a structured field whatever the detail', () => {
    const token = String.raw`[A-Za-z*][A-Za-z0-9!#$%&'*+.^_\x60|~:/-]*`;
    const text = String.raw`"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"`;
    const field = new RegExp(`^dashcache; fwd=miss; detail=(?:${token}|${text})$`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (detail) => {
        expect(formatCacheStatus({ ...miss, detail })).toMatch(field);
      }),
      LAW,
    );
  });
});

describe('formatXCache', () => {
  it.each<[CacheStatus, string]>([
    [{ kind: 'hit', ageSeconds: 0 }, 'HIT'],
    [miss, 'MISS'],
    [{ ...miss, fwd: 'stale' }, 'MISS'],
    [{ ...miss, collapsed: true }, 'COALESCED'],
    [{ ...miss, fwd: 'bypass' }, 'BYPASS'],
  ])('%j', (status, expected) => expect(formatXCache(status)).toBe(expected));
});
