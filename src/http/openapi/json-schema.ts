import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { isJsonArray, isJsonObject, type JsonObject } from '../../core/json/json-value.ts';
import type { Schema } from '../../core/schema.ts';

/** Schemas as JSON Schema. */
export interface Converted {
  /** Those that have a name. */
  readonly definitions: JsonObject;
  /** The others; where they hold one that has a name, they refer to it. */
  readonly converted: ReadonlyMap<Schema, JsonObject>;
}

/** Converts all schemas in one go: each conversion converts everything that has a name, too. */
export function convert(schemas: readonly Schema[], named: Readonly<Record<string, Schema>>): Converted {
  const result = toJsonSchema(v.tuple([...schemas]), {
    target: 'draft-2020-12',
    // What a field means once it is read: the text of a parameter is the number that it holds.
    typeMode: 'output',
    // Checks that JSON Schema has no words for are told in the description.
    errorMode: 'ignore',
    definitions: { ...named },
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
  const plain: JsonObject = JSON.parse(JSON.stringify(result, withoutBounds));
  const { $defs = {}, prefixItems = [] } = plain;
  const items = isJsonArray(prefixItems) ? prefixItems.filter(isJsonObject) : [];
  const pairs = schemas.flatMap((schema, index) => {
    const item = items[index];
    return item === undefined ? [] : [[schema, item] as const];
  });
  return { definitions: isJsonObject($defs) ? $defs : {}, converted: new Map(pairs) };
}

/** The schemas that stand somewhere in a value, those within schemas aside. */
export function schemasIn(value: unknown): Schema[] {
  if (typeof value !== 'object' || value === null) return [];
  return isSchema(value) ? [value] : Object.values(value).flatMap(schemasIn);
}

function isSchema(value: object): value is Schema {
  return 'kind' in value && value.kind === 'schema';
}

/** The bounds of exact numbers are no bounds that anybody reaches. */
function withoutBounds(_: string, value: unknown): unknown {
  return value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER ? undefined : value;
}
