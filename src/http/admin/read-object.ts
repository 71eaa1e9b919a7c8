import type { Context } from 'hono';
import type * as v from 'valibot';
import { AppError, invalid } from '../../core/errors.ts';
import { decodeUtf8, parseJson } from '../../core/json/json-text.ts';
import { isJsonObject } from '../../core/json/json-value.ts';
import { type Complain, read, type Schema } from '../../core/schema.ts';
import { type BodyLimits, requireJson, withBody } from '../wire/read-body.ts';

interface ReadOptions {
  /** Bytes. */
  readonly atMost?: number;
  readonly complain?: Complain;
  /** Fields that hold instead of those of the body. */
  readonly instead?: object;
}

/** What is asked of the admin interface is small, but for what is brought to be stored. */
const MAX_BYTES = 64 * 1024;

/** Reads the JSON object that a request brings by a schema. `complain` makes the error about a field. */
export async function readObject<S extends Schema>(
  c: Context,
  limits: BodyLimits,
  schema: S,
  { atMost = MAX_BYTES, complain = invalid, instead = {} }: ReadOptions = {},
): Promise<v.InferOutput<S>> {
  requireJson(c);
  const maxBytes = Math.min(limits.maxBytes, atMost);
  return await withBody(c, { ...limits, maxBytes }, async (bytes) => {
    const { value, uniqueNames } = parseJson(decodeUtf8(bytes));
    if (!isJsonObject(value)) throw new AppError('invalid_request', 'The body must be a JSON object.');
    // Whoever checked it may have taken the other one.
    if (!uniqueNames) throw new AppError('invalid_request', 'The body gives a name twice.');
    return read(schema, { ...value, ...instead }, complain);
  });
}
