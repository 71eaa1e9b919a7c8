import { canonicalJson } from '../json/canonical-json.ts';
import { formatPath, type JsonPath } from '../json/json-text.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';

/** A field in which two recipes differ, as a path (`parameters.seed`), and what stands there; nothing where it is absent. */
export interface RecipeDifference {
  readonly field: string;
  readonly left?: JsonValue;
  readonly right?: JsonValue;
}

/** Where two canonical recipes differ; nowhere when they are the same. */
export function compareRecipes(a: string, b: string): RecipeDifference[] {
  const left: JsonValue = JSON.parse(a);
  const right: JsonValue = JSON.parse(b);
  const found: RecipeDifference[] = [];
  compare(left, right, [], found);
  return found;
}

function compare(
  a: JsonValue | undefined,
  b: JsonValue | undefined,
  path: JsonPath,
  found: RecipeDifference[],
): void {
  if (isJsonObject(a) && isJsonObject(b)) {
    for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
      compare(ownField(a, name), ownField(b, name), [...path, name], found);
    }
  } else if (isJsonArray(a) && isJsonArray(b) && a.length === b.length) {
    a.forEach((item, index) => {
      compare(item, b[index], [...path, index], found);
    });
  } else if (a === undefined || b === undefined || canonicalJson(a) !== canonicalJson(b)) {
    if (a === b) return;
    found.push({
      field: formatPath(path),
      ...(a === undefined ? {} : { left: a }),
      ...(b === undefined ? {} : { right: b }),
    });
  }
}

/** Not what the object's prototype has under this name. */
function ownField(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
