import * as v from 'valibot';
import type { AppError } from './errors.ts';
import { formatPath } from './json/json-text.ts';
import type { JsonObject, JsonValue } from './json/json-value.ts';

/** How a value is checked, typed and described. */
export type Schema = v.GenericSchema;

/** The fields of an object, by name. */
export type Fields = v.ObjectEntries;

/** What a schema reads a value as. */
export type Read<S extends Schema> = DeepReadonly<v.InferOutput<S>>;

type DeepReadonly<T> = [JsonValue] extends [T] ? T : { readonly [K in keyof T]: DeepReadonly<T[K]> };

/** Makes an error from the path of a field, what is wrong with it, and the kind of check that found it. */
export type Complain = (field: string, problem: string, check: string) => AppError;

/**
 * Reads a value by a schema. Throws what `complain` makes of the first fault; an unknown field comes first, since it may
 * be a misspelt one that is now missing.
 */
export function read<S extends Schema>(schema: S, value: unknown, complain: Complain): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, value, { abortPipeEarly: true });
  if (success) return output;
  const { path, message, type } = deepest(issues.find(({ expected }) => expected === 'never') ?? issues[0]);
  throw complain(formatPath(path), message, type);
}

/** An object with these fields and no others. A missing field is refused in the field's own words. */
export function closed<const F extends Fields>(fields: F, unknown = 'is not known; there are') {
  return v.strictObject(fields, ({ expected, path }) =>
    expected === 'never' ? `${unknown} ${Object.keys(fields).join(', ')}` : problemOf(fields, path),
  );
}

/** An object with these fields and any others, which are not read. */
export function open<const F extends Fields>(fields: F) {
  return v.object(fields, ({ path }) => problemOf(fields, path));
}

/** The same inside a body, where a list is no object. */
export function closedInside<const F extends Fields>(fields: F) {
  const schema = closed(fields);
  return v.pipe(v.custom<v.InferInput<typeof schema>>(isObject, 'must be an object'), schema);
}

/** Any JSON object. */
export const jsonObject = v.custom<JsonObject>(isObject, 'must be an object');

/** Any JSON. */
export const anyJson = v.custom<JsonValue>(() => true);

/** A JSON number without a fraction, within bounds. `problem` is what a caller is told of any other value. */
export function whole(
  min: number,
  max = Number.MAX_SAFE_INTEGER,
  problem = `must be a whole number from ${min} to ${max}`,
) {
  return v.pipe(v.number(problem), v.integer(problem), v.minValue(min, problem), v.maxValue(max, problem));
}

/** The same as the text of a query's parameter. */
export function wholeText(min: number, max = Number.MAX_SAFE_INTEGER) {
  const toNumber = (text: string) => (/^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN);
  return v.pipe(v.string(), v.transform(toNumber), whole(min, max));
}

/** `true` or `false` as the text of a query's parameter. */
export function flagText() {
  return v.pipe(
    oneOf(['true', 'false']),
    v.transform((text) => text === 'true'),
    v.boolean(),
  );
}

/** One of these words. */
export function oneOf<const W extends readonly string[]>(words: W) {
  return v.picklist(words, `must be one of ${words.join(', ')}`);
}

/** True or false in JSON. */
export function flag() {
  return v.boolean('must be true or false');
}

/** A schema with what its values mean, for the description. */
export function means<S extends Schema>(meaning: string, schema: S) {
  return v.pipe(schema, v.description(meaning));
}

/** What `means` said of a schema. */
export function meaningOf(schema: Schema): string {
  return v.getDescription(schema) ?? '';
}

/** What is wrong with an object: a missing field, which is at the end of the path, or all of it. */
function problemOf(fields: Fields, path: v.BaseIssue<unknown>['path']): string {
  const missing = fields[String(path?.at(-1)?.key)];
  if (missing === undefined) return 'must be an object';
  return v.safeParse(missing, undefined).issues?.[0].message ?? 'is missing';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly type: string;
}

/** Where none of several alternatives fits, the one that got furthest tells why. */
function deepest({ path, message, type, issues }: v.BaseIssue<unknown>): Fault {
  const steps = (path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  const [inner] = (issues ?? []).filter((issue) => issue.path !== undefined).map(deepest);
  return inner === undefined ? { path: steps, message, type } : { ...inner, path: [...steps, ...inner.path] };
}
