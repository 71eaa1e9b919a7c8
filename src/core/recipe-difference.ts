import { canonicalJson } from './canonical-json.ts';
import {
  formatPath,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from './json-text.ts';

/** The fields in which two canonical recipes differ, as paths (`parameters.seed`); none when they are the same. */
export function differingFields(a: string, b: string): string[] {
  const left: JsonValue = JSON.parse(a);
  const right: JsonValue = JSON.parse(b);
  const found: string[] = [];
  compare(left, right, [], found);
  return found;
}

function compare(a: JsonValue | undefined, b: JsonValue | undefined, path: JsonPath, found: string[]): void {
  if (isJsonObject(a) && isJsonObject(b)) {
    for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
      compare(ownField(a, name), ownField(b, name), [...path, name], found);
    }
  } else if (isJsonArray(a) && isJsonArray(b) && a.length === b.length) {
    a.forEach((item, index) => {
      compare(item, b[index], [...path, index], found);
    });
  } else if (a === undefined || b === undefined || canonicalJson(a) !== canonicalJson(b)) {
    if (a !== b) found.push(formatPath(path));
  }
}

/** Not what the object's prototype has under this name. */
function ownField(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
