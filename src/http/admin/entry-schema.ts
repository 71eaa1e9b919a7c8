import * as v from 'valibot';
import { ENTRY_FILTERS, ENTRY_SORTS } from '../../core/entries/entry-filter.ts';
import { anyJson, closed, flagText, means, oneOf, type Read, whole, wholeText } from '../../core/schema.ts';
import { CacheKey, Cost, Count, Digest, Time } from '../doors/common-schemas.ts';
import { PAGE_FIELDS } from './page-query.ts';
import { Tags } from './tags-schema.ts';

const Id = whole(1);

const EntryImage = closed({
  sha256: Digest,
  url: v.pipe(v.string(), v.url()),
  width: Count,
  height: Count,
  media_type: v.string(),
  bytes: Count,
});
export type EntryImageBody = Read<typeof EntryImage>;

const SUMMARY = {
  id: means('Never used twice; a higher one is newer.', Id),
  key: CacheKey,
  site: v.string(),
  scope: v.string(),
  take: whole(1),
  model: v.string(),
  prompt: v.string(),
  size: means('The size that was asked for, in pixels, as in `1024*1024`.', v.nullable(v.string())),
  seed: v.nullable(v.pipe(v.number(), v.integer())),
  created_at: Time,
  used_at: Time,
  invalidated_at: means('Since when it answers no request.', v.nullable(Time)),
  hits: Count,
  pinned: means('Never evicted.', v.boolean()),
  tags: v.array(v.string()),
  cost: v.nullable(Cost),
  images: v.pipe(v.array(EntryImage), v.minLength(1)),
};

/** An entry in a list. */
export const EntrySummary = closed(SUMMARY);
export type EntrySummaryBody = Read<typeof EntrySummary>;

/** What it takes to find an entry. */
const NAME = { id: Id, key: CacheKey, site: v.string(), scope: v.string() };

/** An entry with everything that is known of it. */
export const EntryDetail = closed({
  ...SUMMARY,
  canonical: v.pipe(
    anyJson,
    v.metadata({ type: 'object', description: 'Everything that is in the key, in its one spelling.' }),
  ),
  usage: v.pipe(
    anyJson,
    v.metadata({ type: ['object', 'null'], description: "The vendor's own account of it." }),
  ),
  upstream_request_id: v.nullable(v.string()),
  elapsed_ms: means('How long upstream took.', v.nullable(Count)),
  references: means(
    'The images that it was drawn from.',
    v.array(
      closed({
        position: Count,
        field: v.string(),
        sha256: Digest,
        known: means('It is stored as the image of an entry.', v.boolean()),
        drawn_by: means('The newest entries that show it.', v.array(closed(NAME))),
      }),
    ),
  ),
  used_as_reference_by: means(
    'The newest entries that were drawn from an image of this one.',
    v.array(closed({ ...NAME, prompt: v.string() })),
  ),
});
export type EntryDetailBody = Read<typeof EntryDetail>;

/** One page of a list. */
export const EntryPage = closed({
  entries: v.pipe(v.array(EntrySummary), v.maxLength(200)),
  next_cursor: means('Null on the last page.', v.nullable(v.string())),
});
export type EntryPageBody = Read<typeof EntryPage>;

/** The entries of a key, newest first. */
export const KeyEntries = closed({ key: CacheKey, takes: v.pipe(v.array(EntryDetail), v.minLength(1)) });
export type KeyBody = Read<typeof KeyEntries>;

/** What a deletion removed. */
export const REMOVED = {
  entries: Count,
  blobs: means('Images that no other entry shows.', Count),
  bytes: Count,
};
export const Removed = closed(REMOVED);

export const ChangedEntries = closed({ entries: means('How many entries it was done to.', Count) });

export const PinRequest = closed({
  pinned: v.boolean(({ input }) =>
    input === undefined || input === null ? 'is missing: true or false' : 'must be true or false',
  ),
});

export const TagsRequest = closed({ tags: Tags });

/** Which of the entries of a key are meant. */
export const ADDRESS = {
  scope: v.optional(means('Whose entries. Needed when several scopes hold the key.', v.string())),
  site: v.optional(means('Which upstream drew them. Needed when several did.', v.string())),
  take: v.optional(means('Only this one of the entries.', wholeText(1))),
};
export const AddressQuery = closed(ADDRESS);

/** The same for those who only look. */
export const SightQuery = closed({
  ...ADDRESS,
  all: v.optional(means('Also the entries of every other scope and site that holds the key.', flagText())),
});

/** A list of entries. */
export const ListQuery = closed({
  ...ENTRY_FILTERS,
  sort: v.optional(means('The highest come first. Without it: `created`.', oneOf(ENTRY_SORTS))),
  ...PAGE_FIELDS,
});
