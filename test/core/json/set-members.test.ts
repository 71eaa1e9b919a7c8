import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/json/json-value.ts';
import { setMembers } from '../../../src/core/json/set-members.ts';
import { fieldNames, jsonValues } from '../../support/data/json-values.ts';
import { LAW } from '../../support/data/laws.ts';
import { randomOf, spellJson } from '../../support/data/spelling.ts';

const n = (value: JsonValue) => [{ path: ['parameters', 'n'], value }] as const;

it.each([
  ['{"model":"m"}', '{"model":"m","parameters":{"n":4}}'],
  ['{}', '{"parameters":{"n":4}}'],
  [' { "parameters" : { } } ', ' { "parameters" : {"n":4 } } '],
  ['{"parameters":null,"a":1}', '{"parameters":{"n":4},"a":1}'],
  ['{"parameters":{"n":null}}', '{"parameters":{"n":4}}'],
  [
    '{"a":"}{\\"","parameters":{"x":[1.0e0,{"n":7}],"n" : -1 }}',
    '{"a":"}{\\"","parameters":{"x":[1.0e0,{"n":7}],"n" : 4 }}',
  ],
  ['{"param\\u0065ters":{"s":1}}', '{"param\\u0065ters":{"s":1,"n":4}}'],
])('%s becomes %s', (text, changed) => {
  expect(setMembers(text, n(4))).toBe(changed);
});

it('law: the value is the one with the members set, whatever the spelling', () => {
  const objects = fc.dictionary(fieldNames, jsonValues);
  const law = fc.property(
    objects,
    fieldNames,
    fieldNames,
    jsonValues,
    fc.integer(),
    (object, outer, inner, value, seed) => {
      const text = spellJson(object, randomOf(seed));
      const before: JsonObject = JSON.parse(text);
      const held = before[outer];
      const expected = { ...before, [outer]: { ...(isJsonObject(held) ? held : {}), [inner]: value } };
      expect(JSON.parse(setMembers(text, [{ path: [outer, inner], value }]))).toEqual(
        JSON.parse(JSON.stringify(expected)),
      );
    },
  );
  fc.assert(law, LAW);
});
