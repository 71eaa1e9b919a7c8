import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../src/core/json/json-value.ts';

/** Names that careless code gives a meaning of its own, and plain ones. */
const AWKWARD_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'length',
  '',
  '0',
  'a.b',
  'a[0]',
  '"',
  '\\',
  'é',
  '😀',
];

export const fieldNames = fc.oneof(
  fc.constantFrom(...AWKWARD_NAMES),
  fc.stringMatching(/^[a-z_]{1,6}$/),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

const leaves: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Any JSON value that is text: strings hold no half surrogate pairs. */
export const jsonValues: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaves,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fieldNames, tie('value')), { maxLength: 4 }).map(objectOf),
  ),
})).value;

/** An object with these as fields of its own, `__proto__` included. */
export function objectOf(members: readonly (readonly [string, JsonValue])[]): JsonObject {
  return Object.fromEntries(members);
}
