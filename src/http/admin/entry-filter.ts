import type { EntryFilter } from '../../core/entries/entry-filter.ts';
import { countSearchWords } from '../../core/entries/search-text.ts';
import { isAppError } from '../../core/errors.ts';
import { canonicalSize } from '../../core/recipe/recipe.ts';
import { parseDuration } from '../../core/units.ts';
import { badParameter, oneOf, requireShort, wholeNumber } from '../wire/query-values.ts';

/** What entries can be filtered by, in queries and in the body of a purge. */
export const FILTER_NAMES = [
  'q',
  'model',
  'size',
  'seed',
  'scope',
  'site',
  'tag',
  'min_age',
  'max_age',
  'pinned',
] as const;

/** A search for one more word takes longer, and nothing else is answered meanwhile. */
const MAX_WORDS = 100;

/** The filter that these values come to. */
export function readFilter(values: ReadonlyMap<string, string>): EntryFilter {
  for (const [name, value] of values) requireShort(name, value);
  if (countSearchWords(values.get('q') ?? '') > MAX_WORDS)
    throw badParameter('q', `may have ${MAX_WORDS} words; every character of Chinese is one`);
  const texts = (['q', 'model', 'scope', 'site', 'tag'] as const).flatMap((name) => {
    const value = values.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const size = values.get('size');
  const bound = Number.MAX_SAFE_INTEGER;
  const seed = wholeNumber(values, 'seed', { min: -bound, max: bound });
  const pinned = oneOf(values, 'pinned', ['true', 'false']);
  const minAgeMs = duration(values, 'min_age');
  const maxAgeMs = duration(values, 'max_age');
  return {
    ...Object.fromEntries(texts),
    ...(size === undefined ? {} : { size: canonicalSize(size) }),
    ...(seed === undefined ? {} : { seed }),
    ...(pinned === undefined ? {} : { pinned: pinned === 'true' }),
    ...(minAgeMs === undefined ? {} : { minAgeMs }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  };
}

function duration(values: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  try {
    return parseDuration(text);
  } catch (error) {
    throw isAppError(error, 'config') ? badParameter(name, error.message) : error;
  }
}
