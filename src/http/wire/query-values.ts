import type { Context } from 'hono';
import { AppError } from '../../core/errors.ts';

/** Longer values are no names, keys or searches. */
const MAX_CHARS = 1_000;

/** What is wrong with a parameter. */
export function badParameter(name: string, problem: string): AppError {
  return new AppError('invalid_request', `The parameter ${name} ${problem}.`, { field: name });
}

/**
 * The parameters of a query, each at most once; empty ones count as absent, as forms send them. One that is not among
 * `names` is refused: it may be a filter misspelt.
 */
export function queryValues(c: Context, names: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, [value = '', ...others]] of Object.entries(c.req.queries())) {
    if (!names.includes(name)) throw badParameter(name, `is not known; there are ${names.join(', ')}`);
    if (others.length > 0) throw badParameter(name, 'is given twice');
    requireShort(name, value);
    if (value !== '') values.set(name, value);
  }
  return values;
}

/** Refuses a value that is longer than any that means something. */
export function requireShort(name: string, value: string): void {
  if (value.length > MAX_CHARS) throw badParameter(name, `may have ${MAX_CHARS} characters`);
}

/** A whole number within bounds; undefined when it is absent. */
export function wholeNumber(
  values: ReadonlyMap<string, string>,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw badParameter(name, `must be a whole number from ${min} to ${max}`);
}

/** One of these words; undefined when it is absent. */
export function oneOf<T extends string>(
  values: ReadonlyMap<string, string>,
  name: string,
  words: readonly T[],
): T | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw badParameter(name, `must be one of ${words.join(', ')}`);
}
