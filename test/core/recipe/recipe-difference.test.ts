import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/core/json/canonical-json.ts';
import { compareRecipes } from '../../../src/core/recipe/recipe-difference.ts';
import { jsonValues } from '../../support/data/json-values.ts';
import { LAW } from '../../support/data/laws.ts';

const differingFields = (a: string, b: string) => compareRecipes(a, b).map(({ field }) => field);

describe('compareRecipes', () => {
  it.each([
    ['{"a":1}', '{"a":1}', []],
    ['{"a":1}', '{"a":2}', ['a']],
    ['{"a":1}', '{"b":1}', ['a', 'b']],
    ['{"parameters":{"seed":1,"n":1}}', '{"parameters":{"seed":2,"n":1}}', ['parameters.seed']],
    ['{"parameters":{"seed":1}}', '{"parameters":{}}', ['parameters.seed']],
    ['{"images":["x","y"]}', '{"images":["x","z"]}', ['images[1]']],
    ['{"images":["x"]}', '{"images":["x","y"]}', ['images']],
    ['{"a":{"b":1}}', '{"a":[1]}', ['a']],
    ['{"a":null}', '{"a":0}', ['a']],
    ['{"a":null}', '{}', ['a']],
    ['{"a.b":1,"a":{"b":1}}', '{"a.b":2,"a":{"b":1}}', ['["a.b"]']],
    ['{"__proto__":{}}', '{}', ['__proto__']],
    ['{"__proto__":{"x":1}}', '{"__proto__":{"x":2}}', ['__proto__.x']],
    ['{"constructor":1,"toString":2}', '{}', ['constructor', 'toString']],
  ])('%s and %s', (a, b, expected) => {
    expect(differingFields(a, b)).toEqual(expected);
    expect(differingFields(b, a)).toEqual(expected);
  });

  it('says what stands there, and nothing where it is absent', () => {
    expect(compareRecipes('{"n":1,"seed":7,"x":null}', '{"n":{"a":2},"size":"1*1"}')).toEqual([
      { field: 'n', left: 1, right: { a: 2 } },
      { field: 'seed', left: 7 },
      { field: 'size', right: '1*1' },
      { field: 'x', left: null },
    ]);
  });

  it('names something exactly when the texts differ', () => {
    fc.assert(
      fc.property(jsonValues, jsonValues, (a, b) => {
        const [left, right] = [canonicalJson({ a }), canonicalJson({ a: b })];
        expect(differingFields(left, right).length === 0).toBe(left === right);
        expect(differingFields(left, left)).toEqual([]);
      }),
      { ...LAW, numRuns: 1000 },
    );
  });
});
