import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { invalid } from '../../src/core/errors.ts';
import { closed, closedInside, flagText, oneOf, read, whole, wholeText } from '../../src/core/schema.ts';

const Text = v.string(({ input }) => (input === undefined ? 'is missing: say it' : 'must be a text'));
const Wish = closed({
  words: Text,
  n: v.nullish(whole(1, 9)),
  picture: v.nullish(v.union([Text, v.array(Text)], 'must be a text')),
  inside: v.optional(closedInside({ words: Text })),
});

/** The field and the message of what is refused. */
function faultOf(schema: Parameters<typeof read>[0], value: unknown) {
  try {
    read(schema, value, (field, problem) => invalid(field, problem));
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
  return undefined;
}

describe('a schema', () => {
  it('reads what fits', () => {
    const value = { words: 'a', n: 3, picture: ['b'], inside: { words: 'c' } };
    expect(read(Wish, value, invalid)).toEqual(value);
    expect(read(Wish, { words: 'a', n: null }, invalid)).toEqual({ words: 'a', n: null });
  });

  it.each([
    [{}, 'The field words is missing: say it.'],
    [{ words: 7 }, 'The field words must be a text.'],
    // One that is misspelt is told before the one that is missing for it.
    [{ word: 'a' }, 'The field word is not known; there are words, n, picture, inside.'],
    [{ words: 'a', n: 10 }, 'The field n must be a whole number from 1 to 9.'],
    [{ words: 'a', n: 1.5 }, 'The field n must be a whole number from 1 to 9.'],
    [{ words: 'a', n: '1' }, 'The field n must be a whole number from 1 to 9.'],
    [{ words: 'a', picture: {} }, 'The field picture must be a text.'],
    // Of several forms, the one that got furthest.
    [{ words: 'a', picture: ['b', 7] }, 'The field picture[1] must be a text.'],
    [{ words: 'a', inside: [] }, 'The field inside must be an object.'],
    [{ words: 'a', inside: {} }, 'The field inside.words is missing: say it.'],
    [{ words: 'a', inside: { words: 'b', x: 1 } }, 'The field inside.x is not known; there are words.'],
    [
      { words: 'a', constructor: 1 },
      'The field constructor is not known; there are words, n, picture, inside.',
    ],
    [JSON.parse('{"words":"a","__proto__":{}}'), /^The field __proto__ is not known/],
  ])('%j: %s', (value, message) => {
    expect(faultOf(Wish, value)).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });
});

describe('the text of a parameter', () => {
  it.each([
    [wholeText(1, 200), '200', 200],
    [wholeText(-5), '-5', -5],
    [flagText(), 'true', true],
    [flagText(), 'false', false],
    [oneOf(['a', 'b']), 'b', 'b'],
  ])('is read as what it says', (schema, text, value) => {
    expect(read(closed({ it: schema }), { it: text }, invalid)).toEqual({ it: value });
  });

  it.each([
    [wholeText(1, 200), '201', 'must be a whole number from 1 to 200'],
    [wholeText(1, 200), '0', 'must be a whole number from 1 to 200'],
    [wholeText(1, 200), '1e2', 'must be a whole number from 1 to 200'],
    [wholeText(1, 200), ' 7', 'must be a whole number from 1 to 200'],
    [flagText(), 'yes', 'must be one of true, false'],
    [oneOf(['a', 'b']), 'c', 'must be one of a, b'],
  ])('is refused when it says something else', (schema, text, problem) => {
    expect(faultOf(closed({ it: schema }), { it: text })).toBe(`The field it ${problem}.`);
  });
});
