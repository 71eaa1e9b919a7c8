import * as v from 'valibot';
import { isAppError } from '../errors.ts';
import type { JsonObject } from '../json/json-value.ts';
import { canonicalSize } from '../recipe/recipe.ts';
import { closed, flagText, jsonObject, means, type Read, type Schema, wholeText } from '../schema.ts';
import { parseDuration } from '../units.ts';
import { countSearchWords } from './search-text.ts';

/** Longer values are no names, keys or searches. */
const MAX_CHARS = 1_000;
/** A search for one more word takes longer, and nothing else is answered meanwhile. */
const MAX_WORDS = 100;

const Text = v.pipe(
  v.unknown(),
  v.string('must be a text that is not empty, a number, true or false'),
  v.nonEmpty('must be a text that is not empty, a number, true or false'),
  v.maxLength(MAX_CHARS, `may have ${MAX_CHARS} characters`),
);

const Words = v.pipe(
  Text,
  v.check(
    (text) => countSearchWords(text) <= MAX_WORDS,
    `may have ${MAX_WORDS} words; every character of Chinese is one`,
  ),
);

/** A time such as `30d`, in milliseconds. */
const Age = v.pipe(
  Text,
  v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
    try {
      return parseDuration(dataset.value);
    } catch (error) {
      if (!isAppError(error, 'config')) throw error;
      addIssue({ message: error.message });
      return NEVER;
    }
  }),
);

function by<S extends Schema>(schema: S, meaning: string) {
  return means(meaning, v.optional(schema));
}

/**
 * What entries can be filtered by. Queries, the body of a purge, the options of the command line and the description all
 * come from this table.
 */
export const ENTRY_FILTERS = {
  q: by(
    Words,
    'Words of the prompt, all of which must be there: `begin*`, `"several in a row"`, single Chinese characters.',
  ),
  model: by(Text, 'Only entries of this model.'),
  size: by(
    v.pipe(Text, v.transform(canonicalSize)),
    'Only entries that were asked for in this size, such as `1024*1024`.',
  ),
  seed: by(v.pipe(Text, wholeText(Number.MIN_SAFE_INTEGER)), 'Only entries with this seed.'),
  scope: by(Text, 'Only entries of this scope, such as `token:ann`.'),
  site: by(Text, 'Only entries that this upstream drew.'),
  tag: by(Text, 'Only entries with this tag.'),
  min_age: by(Age, 'Only entries stored at least so long ago, such as `30d`.'),
  max_age: by(Age, 'Only entries stored at most so long ago, such as `12h`.'),
  pinned: by(
    v.pipe(Text, flagText()),
    'Only entries that are pinned, or with `false` only those that are not.',
  ),
};

const FilterFields = closed(ENTRY_FILTERS);

/** Which entries are meant; without any field all of them. Every field narrows. Ages are in milliseconds. */
export type EntryFilter = Read<typeof FilterFields>;

/** The filter as a JSON object: numbers and truth values may stand as such, and null is absent. */
export const FilterBody = v.pipe(jsonObject, v.transform(toTexts), FilterFields);

function toTexts(body: JsonObject): v.InferInput<typeof FilterFields> {
  const given = Object.entries(body).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => [
      name,
      typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
    ]),
  );
}

/** What lists of entries go by, the highest first: when they were stored, when they were used last, how often. */
export const ENTRY_SORTS = ['created', 'used', 'hits'] as const;
export type EntrySort = (typeof ENTRY_SORTS)[number];
