import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeUtf8, JSON_LIMITS, parseJson } from '../../../src/core/json/json-text.ts';

const invalid = expect.objectContaining({ code: 'invalid_json' });

function failureOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('decodeUtf8', () => {
  it('reads UTF-8', () => {
    expect(decodeUtf8(new TextEncoder().encode('雨, 😀'))).toBe('雨, 😀');
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['a cut sequence', [0xe9, 0x9b]],
    ['an overlong form', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['beyond U+10FFFF', [0xf5, 0x80, 0x80, 0x80]],
  ])('refuses %s', (_, bytes) => {
    expect(failureOf(() => decodeUtf8(Uint8Array.from(bytes)))).toEqual(invalid);
  });

  it('keeps a byte order mark, which is no JSON', () => {
    const text = decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d));
    expect(failureOf(() => parseJson(text))).toEqual(invalid);
  });
});

describe('parseJson', () => {
  it.each([
    '',
    ' ',
    '{',
    '{"a":1,}',
    '[1,]',
    "{'a':1}",
    '01',
    '+1',
    '.5',
    'NaN',
    '"a',
    '{"a" 1}',
    '"\n"',
    '[1]]',
    '1 2',
  ])('refuses %j', (text) => expect(failureOf(() => parseJson(text))).toEqual(invalid));

  it.each([
    String.raw`"\ud83d"`,
    String.raw`{"a":["\ude00x"]}`,
    String.raw`{"\ud83d":1}`,
    String.raw`"\ude00\ud83d"`,
  ])('refuses half a surrogate pair: %s', (text) =>
    expect(failureOf(() => parseJson(text))).toEqual(invalid),
  );

  it('names the field that holds half a surrogate pair', () => {
    const failure = failureOf(() => parseJson(String.raw`{"input":{"prompt":"\ud83d"}}`));
    expect(failure).toMatchObject({ code: 'invalid_json', field: 'input.prompt' });
  });

  it('takes a whole pair, escaped or not', () => {
    expect(parseJson(String.raw`["\ud83d\ude00","😀"]`).value).toEqual(['😀', '😀']);
  });

  it('lets the last of duplicate names win, and says that there are some', () => {
    expect(parseJson('{"a":1,"b":2,"a":3}')).toMatchObject({ value: { a: 3, b: 2 }, uniqueNames: false });
    expect(parseJson(String.raw`{"a":1,"\u0061":2}`)).toMatchObject({ value: { a: 2 }, uniqueNames: false });
    expect(parseJson('{"x":{"__proto__":1,"__proto__":2}}').uniqueNames).toBe(false);
  });

  it('sees no duplicates in different objects, or in values', () => {
    expect(parseJson('[{"a":1},{"a":{"a":"a"}},"a","a"]').uniqueNames).toBe(true);
  });

  it('reads __proto__ and constructor as names like any other', () => {
    const { value } = parseJson('{"__proto__":{"polluted":1},"constructor":2}');
    expect(Object.keys(Object(value))).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('takes what is as deep as the limit, and nothing deeper', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(() => parseJson(nested(JSON_LIMITS.maxDepth))).not.toThrow();
    expect(failureOf(() => parseJson(nested(JSON_LIMITS.maxDepth + 1)))).toEqual(invalid);
  });

  it.each([
    ['deep lists', '['.repeat(1_000_000)],
    ['deep objects', '{"a":'.repeat(200_000)],
    ['many objects', `[${'{},'.repeat(200_000)}{}]`],
    ['many numbers without a comma', `[${'1.5 '.repeat(200_001)}]`],
    ['many numbers', `[${'1,'.repeat(300_000)}1]`],
    ['many names', `{${Array.from({ length: 150_000 }, (_, index) => `"${index}":0`).join()}}`],
  ])('refuses %s before they are built', (_, text) => {
    const parse = vi.spyOn(JSON, 'parse');
    expect(failureOf(() => parseJson(text))).toEqual(invalid);
    expect(parse).not.toHaveBeenCalled();
  });

  it('counts one long string as one value', () => {
    const { value } = parseJson(JSON.stringify(['{},'.repeat(1_000_000)]));
    expect(value).toHaveLength(1);
  });
});
