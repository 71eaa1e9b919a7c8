import type { Context } from 'hono';
import type * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import { closed, type Fields, read, type Schema } from '../../core/schema.ts';

/** Longer values are no names, keys or searches. */
const MAX_CHARS = 1_000;

/** What is wrong with a parameter. */
export function badParameter(name: string, problem: string): AppError {
  return new AppError('invalid_request', `The parameter ${name} ${problem}.`, { field: name });
}

/**
 * The query as a schema of texts reads it. Each parameter may stand once; an empty one counts as absent, as forms send it.
 * One that the schema does not know is refused: it may be a filter misspelt.
 */
export function readQuery<S extends Schema & { readonly entries: Fields }>(
  c: Context,
  schema: S,
): v.InferOutput<S> {
  const names = Object.keys(schema.entries);
  const values: [string, string][] = [];
  for (const [name, [value = '', ...others]] of Object.entries(c.req.queries())) {
    if (!names.includes(name)) throw badParameter(name, `is not known; there are ${names.join(', ')}`);
    if (others.length > 0) throw badParameter(name, 'is given twice');
    if (value.length > MAX_CHARS) throw badParameter(name, `may have ${MAX_CHARS} characters`);
    if (value !== '') values.push([name, value]);
  }
  return read(schema, Object.fromEntries(values), badParameter);
}

/** Refuses every parameter. */
export function refuseQuery(c: Context): void {
  readQuery(c, closed({}));
}
