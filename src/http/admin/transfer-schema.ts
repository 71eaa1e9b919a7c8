import * as v from 'valibot';
import { isScope, SCOPE_FORMS } from '../../core/principal.ts';
import { isCacheKey } from '../../core/recipe/cache-key.ts';
import { closed, closedInside, flag, means, whole } from '../../core/schema.ts';
import { CacheKey, Count, Currency, Digest, text } from '../doors/common-schemas.ts';
import { Tags } from './tags-schema.ts';

/** Far above what is honest, and low enough that numbers counted up from them, and sums of them, stay exact. */
const MAX_TAKE = 1_000_000;
const MAX_AMOUNT = 1e9;
const MAX_ELAPSED_MS = 7 * 24 * 60 * 60 * 1000;
/** Images and references each; whoever looks at the entry has a question asked for every one. */
const MAX_LISTED = 100;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;
const BAD_COST = `must be null, or an amount from 0 to ${MAX_AMOUNT} with the currency CNY or USD`;
const BAD_TAKE = 'must be a whole number of at least 1';

/** Sites as they are stored. */
const Site = v.pipe(text(), v.regex(/^[\x21-\x7e]{1,200}$/, 'must be printable ASCII without spaces'));

/** Nobody has a scope of another form, so its entries would answer nobody. */
const Scope = v.pipe(
  text(),
  v.check(isScope, `must be ${SCOPE_FORMS}`),
  v.metadata({ pattern: '^[\\x21-\\x7e]{1,200}$' }),
);

const CreatedAt = v.pipe(
  text(),
  v.check(
    (time) => TIME.test(time) && Date.parse(time) >= 0,
    'must be a time such as 2026-01-31T12:00:00.000Z',
  ),
  v.metadata({ format: 'date-time' }),
);

function listOf<S extends v.GenericSchema>(item: S) {
  return v.pipe(v.array(item, 'must be a list'), v.maxLength(MAX_LISTED, `may have ${MAX_LISTED} of them`));
}

/** An entry on its way to another store; `core/entries/portable-entry.ts` says what it is there. */
export const PortableEntry = closed({
  site: Site,
  scope: Scope,
  key: v.pipe(
    text(),
    v.check(isCacheKey, 'is no cache key'),
    v.metadata({ pattern: '^k1:[0-9a-f]{32}$', description: 'The hash of `canonical`.' }),
  ),
  take: v.nullish(
    v.pipe(whole(1, Number.MAX_SAFE_INTEGER, BAD_TAKE), v.maxValue(MAX_TAKE, `must be ${MAX_TAKE} at most`)),
  ),
  canonical: means('Everything that is in the key, in its one spelling.', text()),
  answer: means(
    "The vendor's answer, with `image:0`, `image:1`, … in place of the URLs of the images.",
    text(),
  ),
  upstream_request_id: v.nullish(v.string('must be a text')),
  cost: v.nullish(
    v.object(
      {
        amount: v.pipe(v.number(BAD_COST), v.minValue(0, BAD_COST), v.maxValue(MAX_AMOUNT, BAD_COST)),
        currency: v.picklist(Currency.options, BAD_COST),
      },
      BAD_COST,
    ),
  ),
  elapsed_ms: v.nullish(whole(0, MAX_ELAPSED_MS)),
  created_at: CreatedAt,
  pinned: v.nullish(flag()),
  tags: v.optional(Tags),
  references: v.nullish(listOf(closedInside({ field: text(), sha256: Digest }))),
  images: v.nullish(v.pipe(listOf(closedInside({ sha256: Digest })), v.metadata({ minItems: 1 }))),
});
export type PortableEntryBody = v.InferInput<typeof PortableEntry>;

/** The entries of a key as another store takes them. */
export const PortableEntries = closed({ entries: v.array(PortableEntry) });

export const ImportQuery = closed({
  scope: v.optional(means('Whose entry it becomes. Default: the scope that it names.', v.string())),
  site: v.optional(
    means('Which upstream it counts as drawn by. Default: the site that it names.', v.string()),
  ),
});

export const ImportedEntry = closed({
  site: v.string(),
  scope: v.string(),
  key: CacheKey,
  take: means('The number that it has here.', whole(1)),
  imported: means('False when it was here already.', v.boolean()),
});

/** An image that was brought. */
export const StoredBlob = closed({
  sha256: Digest,
  width: Count,
  height: Count,
  media_type: v.string(),
  bytes: Count,
});
