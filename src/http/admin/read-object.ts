import type { Context } from 'hono';
import { invalid } from '../../core/dialects/normalized-request.ts';
import { AppError } from '../../core/errors.ts';
import { decodeUtf8, isJsonObject, type JsonObject, parseJson } from '../../core/json/json-text.ts';
import { type BodyLimits, requireJson, withBody } from '../wire/read-body.ts';

/** What is asked of the admin interface is small, but for what is brought to be stored. */
const MAX_BYTES = 64 * 1024;

/** The JSON object that a request brings, with these fields and no others. */
export async function readObject(
  c: Context,
  limits: BodyLimits,
  names: readonly string[],
  atMost = MAX_BYTES,
): Promise<JsonObject> {
  requireJson(c);
  const maxBytes = Math.min(limits.maxBytes, atMost);
  return await withBody(c, { ...limits, maxBytes }, async (bytes) => {
    const { value, uniqueNames } = parseJson(decodeUtf8(bytes));
    if (!isJsonObject(value)) throw new AppError('invalid_request', 'The body must be a JSON object.');
    // Whoever checked it may have taken the other one.
    if (!uniqueNames) throw new AppError('invalid_request', 'The body gives a name twice.');
    refuseOthers(value, names);
    return value;
  });
}

/** Refuses fields that are not among `names`; one of an object inside is told with its path. */
export function refuseOthers(value: JsonObject, names: readonly string[], path = ''): void {
  const strange = Object.keys(value).find((name) => !names.includes(name));
  if (strange !== undefined)
    throw invalid(`${path}${strange}`, `is not known; there are ${names.join(', ')}`);
}

/** A field that must be true or false; undefined when it is absent or null. */
export function optionalFlag(value: JsonObject, name: string): boolean | undefined {
  const flag = value[name] ?? undefined;
  if (flag === undefined || typeof flag === 'boolean') return flag;
  throw invalid(name, 'must be true or false');
}
