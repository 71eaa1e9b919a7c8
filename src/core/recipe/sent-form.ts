import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import type { MemberChange } from '../json/set-members.ts';
import { defaultCount } from '../models/models.ts';
import { canonicalSize } from './recipe.ts';

/**
 * What must be changed in a body so that the vendor draws what the key says: a default that the key fills in, and values that
 * the key reads in another place or spelling than the vendor. Nothing is taken away, since readers of either place may exist.
 */
export function changesForKey(model: string, body: JsonObject): readonly MemberChange[] {
  const input = asObject(body.input);
  const parameters = asObject(body.parameters);
  const changes: MemberChange[] = [];
  // The endpoints that take messages read it among the parameters, those that take a prompt beside it.
  const [here, there, place] = isJsonArray(input.messages)
    ? ([parameters, input, 'parameters'] as const)
    : ([input, parameters, 'input'] as const);
  const negative = there.negative_prompt;
  if (typeof negative === 'string' && negative !== '' && isAbsent(here.negative_prompt))
    changes.push({ path: [place, 'negative_prompt'], value: negative });
  const { size, seed, n } = parameters;
  if (typeof size === 'string' && canonicalSize(size) !== size)
    changes.push({ path: ['parameters', 'size'], value: canonicalSize(size) });
  if (seed === -1) changes.push({ path: ['parameters', 'seed'], value: null });
  const count = defaultCount(model);
  if ((n === undefined || n === null) && count !== undefined)
    changes.push({ path: ['parameters', 'n'], value: count });
  return changes;
}

/** Empty is absent, as in the key. */
function isAbsent(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === '';
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
