import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from '../../../src/core/json/canonical-json.ts';
import { readJson } from '../../../src/core/json/json-reader.ts';
import { parseJson } from '../../../src/core/json/json-text.ts';
import { jsonValues } from '../../support/data/json-values.ts';
import { LAW } from '../../support/data/laws.ts';
import { randomOf, spellJson } from '../../support/data/spelling.ts';

it('reads every spelling of a value as that value', () => {
  fc.assert(
    fc.property(jsonValues, fc.integer(), (value, seed) => {
      expect(canonicalJson(readJson(spellJson(value, randomOf(seed))))).toBe(canonicalJson(value));
    }),
    LAW,
  );
});

it.each([
  [String.raw`{"x":1,"\\":0}`, String.raw`{"x":1,"\u0061":2}`, ['x', 'a']],
  [String.raw`{"y":1,"\\u":0}`, String.raw`{"y":1,"\u0061b":2}`, ['y', 'ab']],
  [String.raw`{"z":1,"\\":0}`, String.raw`{"z":1,"\"":2}`, ['z', '"']],
])('after %s the names of %s are its own', (before, text, names) => {
  parseJson(before);
  expect(Object.keys(parseJson(text).value ?? {})).toEqual(names);
});

it('keeps a member named __proto__, and the last of two with one name in the place of the first', () => {
  const text = String.raw`{"\u005f_proto__":{"a":1},"b":1,"c":2,"\u0062":3}`;
  expect(JSON.stringify(parseJson(text).value)).toBe('{"__proto__":{"a":1},"b":3,"c":2}');
});
