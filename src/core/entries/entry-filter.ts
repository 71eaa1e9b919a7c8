/** Which entries are meant; without any field all of them. Every field narrows. */
export interface EntryFilter {
  /** Words of the prompt; see `searchPhrases`. */
  readonly q?: string;
  readonly model?: string;
  /** As it stands in recipes: `1024*1024`. */
  readonly size?: string;
  readonly seed?: number;
  readonly scope?: string;
  readonly site?: string;
  readonly tag?: string;
  readonly pinned?: boolean;
  /** Stored at least so long ago, in milliseconds. */
  readonly minAgeMs?: number;
  /** Stored at most so long ago, in milliseconds. */
  readonly maxAgeMs?: number;
}

/** What lists of entries go by, the highest first: when they were stored, when they were used last, how often. */
export const ENTRY_SORTS = ['created', 'used', 'hits'] as const;
export type EntrySort = (typeof ENTRY_SORTS)[number];
