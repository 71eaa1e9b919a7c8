import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findStrings, formatPath, type JsonPath, replaceTokens } from '../../../src/core/json/json-text.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../../../src/core/json/json-value.ts';
import { fieldNames, jsonValues } from '../../support/data/json-values.ts';
import { LAW } from '../../support/data/laws.ts';
import { randomOf, spellJson } from '../../support/data/spelling.ts';

/** Every string value with its path, by a walk over the parsed value. */
function stringsIn(value: JsonValue, path: JsonPath = []): [JsonPath, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (isJsonArray(value)) return value.flatMap((item, index) => stringsIn(item, [...path, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => stringsIn(member, [...path, name]));
}

const texts = fc.tuple(jsonValues, fc.integer()).map(([value, seed]) => ({
  value,
  text: spellJson(value, randomOf(seed)),
}));
const paths = fc.array(fc.oneof(fieldNames, fc.nat(12)), { minLength: 1, maxLength: 4 });
const byPath = (entries: [JsonPath, string][]) => entries.map((entry) => JSON.stringify(entry)).sort();

describe('findStrings', () => {
  it('finds every string value where a walk over the parsed value finds it', () => {
    fc.assert(
      fc.property(texts, ({ value, text }) => {
        const found = findStrings(text, () => true).map(({ path, start, end }): [JsonPath, string] => [
          path,
          String(JSON.parse(text.slice(start, end))),
        ]);
        expect(byPath(found)).toEqual(byPath(stringsIn(value)));
      }),
      LAW,
    );
  });

  it('gives only the wanted', () => {
    const text = String.raw`{"a":"x","b":["\"}","y\\"],"c":{"a":"z"}}`;
    const found = findStrings(text, (path) => path[0] === 'b');
    expect(found.map(({ path, start, end }) => [path, text.slice(start, end)])).toEqual([
      [['b', 0], String.raw`"\"}"`],
      [['b', 1], String.raw`"y\\"`],
    ]);
  });

  it('finds a text that is one string', () => {
    expect(findStrings(' "a" ', () => true)).toEqual([{ path: [], start: 1, end: 4 }]);
  });
});

describe('replaceTokens', () => {
  it('gives the same text when every string is replaced by itself', () => {
    fc.assert(
      fc.property(texts, ({ text }) => {
        const edits = findStrings(text, () => true).map(({ start, end }) => ({
          start,
          end,
          replacement: text.slice(start, end),
        }));
        expect(replaceTokens(text, edits)).toBe(text);
      }),
      LAW,
    );
  });

  it('changes what it is told to, and nothing else', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.string({ unit: 'binary' }), ({ text }, choice, replacement) => {
        const tokens = findStrings(text, () => true);
        const token = tokens[choice % Math.max(1, tokens.length)];
        fc.pre(token !== undefined);
        if (token === undefined) return;
        const changed = replaceTokens(text, [{ ...token, replacement: JSON.stringify(replacement) }]);
        const place = JSON.stringify(token.path);
        const expected = stringsIn(JSON.parse(text)).map(([path, own]): [JsonPath, string] => [
          path,
          JSON.stringify(path) === place ? replacement : own,
        ]);
        expect(byPath(stringsIn(JSON.parse(changed)))).toEqual(byPath(expected));
      }),
      LAW,
    );
  });
});

describe('formatPath', () => {
  it.each([
    [['input', 'messages', 0, 'content', 1, 'image'], 'input.messages[0].content[1].image'],
    [['input', 'a.b'], 'input["a.b"]'],
    [['input', 'images[0]'], 'input["images[0]"]'],
    [['', 0, ''], '[""][0][""]'],
    [['标题'], '标题'],
    [[], ''],
  ])('%j is %s', (path, expected) => expect(formatPath(path)).toBe(expected));

  it('never gives two paths one text', () => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        expect(formatPath(a) === formatPath(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { ...LAW, numRuns: 2000 },
    );
    expect(formatPath(['a', '0'])).not.toBe(formatPath(['a', 0]));
    expect(formatPath(['a', 'b'])).not.toBe(formatPath(['a.b']));
    expect(formatPath(['', 'a'])).not.toBe(formatPath(['a']));
  });
});
