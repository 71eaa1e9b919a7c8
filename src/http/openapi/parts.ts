import type { JsonObject, JsonValue } from '../../core/json/json-text.ts';

/** A part of our own interface: its paths, and the schemas that they name. */
export interface ApiPart {
  readonly tag: { readonly name: string; readonly description: string };
  readonly paths: Readonly<Record<string, JsonObject>>;
  readonly schemas: Readonly<Record<string, JsonObject>>;
}

/** A schema by its name. */
export function schema(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

/** A body in JSON; an example makes it readable. */
export function jsonContent(of: JsonObject, example?: JsonValue): JsonObject {
  return { 'application/json': { schema: of, ...(example === undefined ? {} : { example }) } };
}

/** An object that has these fields and no others; those in `optional` may be missing. */
export function closedObject(
  properties: Readonly<Record<string, JsonObject>>,
  optional: readonly string[] = [],
): JsonObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** The same, with null beside what it holds: SDKs send unset fields so. */
export function nullable(type: string, rest: JsonObject = {}): JsonObject {
  return { type: [type, 'null'], ...rest };
}

/** The cases of a failure in words, by status. */
export type FailureCases = Readonly<Record<number, string>>;

/** Failures in `application/problem+json`. */
export function problems(cases: FailureCases): JsonObject {
  return failures({ 'application/problem+json': { schema: schema('Problem') } }, cases);
}

/** Failures that are all told in one way, those that nobody foresaw too. */
export function failures(content: JsonObject, cases: FailureCases): JsonObject {
  const all = { ...cases, default: 'Any other failure.' };
  return Object.fromEntries(
    Object.entries(all).map(([status, description]) => [status, { description, content }]),
  );
}
