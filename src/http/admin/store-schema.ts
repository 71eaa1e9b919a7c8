import * as v from 'valibot';
import { FilterBody } from '../../core/entries/entry-filter.ts';
import { closed, flag, means, type Read } from '../../core/schema.ts';
import { Count, Currency, Money } from '../doors/common-schemas.ts';
import { EntrySummary, REMOVED } from './entry-schema.ts';

/** What belongs to one model or scope. */
const SHARE = { entries: Count, bytes: Count, hits: Count };
export type ShareBody = Read<ReturnType<typeof closed<typeof SHARE>>>;

/** How much is stored, whose it is, and what it cost and spared. */
export const Statistics = closed({
  entries: Count,
  blobs: Count,
  bytes: means('Sizes of the distinct images.', Count),
  models: v.array(closed({ model: v.string(), ...SHARE })),
  scopes: v.array(closed({ scope: v.string(), ...SHARE })),
  cost: means(
    "By the ledger of this server's site, at list price.",
    v.pipe(v.array(closed({ currency: Currency, spent: Money, avoided: Money })), v.maxLength(2)),
  ),
});
export type StatisticsBody = Read<typeof Statistics>;

export const PurgeRequest = closed({
  filter: v.nullish(FilterBody),
  all: v.nullish(means('Delete everything. Takes the place of a filter.', flag()), false),
  dry_run: v.nullish(means('Only count.', flag()), false),
});

/** What a purge removed or would remove, with the newest of it. */
export const Purge = closed({
  ...REMOVED,
  sample: means('The newest entries among them.', v.pipe(v.array(EntrySummary), v.maxLength(10))),
});
export type PurgeBody = Read<typeof Purge>;

/** What a check of the stored images came to. */
export const Verification = closed({
  checked: Count,
  damaged: means('Missing, or not the bytes that were stored.', Count),
  healed: means('Fetched again.', Count),
  dropped: means('Gone for good: their entries were removed.', Count),
});
