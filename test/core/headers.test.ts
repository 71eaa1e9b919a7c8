import { describe, expect, it } from 'vitest';
import { findHeader, withoutHopByHop } from '../../src/core/headers.ts';

describe('findHeader', () => {
  const headers = [
    ['X-First', '1'],
    ['x-first', '2'],
    ['Retry-After', '5'],
  ] as const;

  it('finds the first of a name, in any case', () => {
    expect(findHeader(headers, 'x-first')).toBe('1');
    expect(findHeader(headers, 'retry-after')).toBe('5');
    expect(findHeader(headers, 'age')).toBeUndefined();
  });
});

describe('withoutHopByHop', () => {
  it('drops what concerns one connection only', () => {
    const names = [
      'Connection',
      'Keep-Alive',
      'Proxy-Authenticate',
      'Proxy-Authorization',
      'Proxy-Connection',
    ];
    const others = ['TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'];
    const headers = [...names, ...others].map((name) => [name, 'x'] as const);
    expect(withoutHopByHop([...headers, ['Content-Type', 'a/b']])).toEqual([['Content-Type', 'a/b']]);
  });

  it('drops what Connection names, in any case and in several fields', () => {
    const headers = [
      ['connection', 'close, X-One'],
      ['Connection', ' x-two '],
      ['x-one', '1'],
      ['X-Two', '2'],
      ['X-Three', '3'],
    ] as const;
    expect(withoutHopByHop(headers)).toEqual([['X-Three', '3']]);
  });

  it('keeps the order and repeated names', () => {
    const headers = [
      ['Set-Cookie', 'a'],
      ['X', '1'],
      ['Set-Cookie', 'b'],
    ] as const;
    expect(withoutHopByHop(headers)).toEqual(headers);
  });
});
