import { parseJson } from '../json/json-text.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';

/**
 * What a form says in words as a JSON body would say it: fields that are not among `texts` hold the number or the truth
 * value that they read as, and nothing when they are empty.
 */
export function valuesOfForm(fields: ReadonlyMap<string, string>, texts: readonly string[]): JsonObject {
  return Object.fromEntries(
    [...fields].map(([name, text]) => [name, texts.includes(name) ? text : readValue(text)]),
  );
}

function readValue(text: string): JsonValue {
  if (text === '') return null;
  if (!/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)$/.test(text)) return text;
  const { value, exactNumbers } = parseJson(text);
  // A number that a double does not hold stays as it was written.
  return exactNumbers ? value : text;
}
