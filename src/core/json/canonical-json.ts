import { isJsonArray, isJsonObject, type JsonValue } from './json-value.ts';

/**
 * The one text of a JSON value: RFC 8785 (JSON Canonicalization Scheme). Names sorted by UTF-16 code units, no white
 * space, numbers and escapes as ECMAScript prints them, which is what section 3.2.2 prescribes.
 */
export function canonicalJson(value: JsonValue): string {
  if (isJsonArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (isJsonObject(value)) {
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}
