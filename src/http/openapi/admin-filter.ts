import type { JsonObject } from '../../core/json/json-text.ts';
import { queryParameter } from './admin-parts.ts';

const AGE: JsonObject = { type: 'string', examples: ['30d', '12h'] };

/** What entries can be filtered by; see `FILTER_NAMES`. */
const FILTERS: readonly (readonly [name: string, description: string, schema: JsonObject])[] = [
  [
    'q',
    'Words of the prompt, all of which must be there: `"several in a row"`, `begin*`, single Chinese characters. 100 of them at most.',
    { type: 'string', maxLength: 1000 },
  ],
  ['model', 'The model.', { type: 'string' }],
  ['size', 'The size that was asked for, as in `1024*1024` or `1024x1024`.', { type: 'string' }],
  ['seed', 'The seed.', { type: 'integer' }],
  ['scope', 'Whose entries.', { type: 'string' }],
  ['site', 'Which upstream drew them.', { type: 'string' }],
  ['tag', 'One of their tags.', { type: 'string' }],
  ['min_age', 'Stored at least so long ago.', AGE],
  ['max_age', 'Stored at most so long ago.', AGE],
  ['pinned', 'Whether they are pinned.', { type: 'boolean' }],
];

/** The filter as parameters of a query. */
export const FILTER_PARAMETERS: readonly JsonObject[] = FILTERS.map(([name, description, schema]) =>
  queryParameter(name, description, schema),
);

/** The same as fields of an object. */
export const FILTER_PROPERTIES: Readonly<Record<string, JsonObject>> = Object.fromEntries(
  FILTERS.map(([name, description, schema]) => [name, { ...schema, description }]),
);
