import type { Cost } from '../events.ts';
import type { BlobMediaType } from './blob.ts';

/** Where a recipe's entries are: the cache key alone is neither per site nor per scope, and its hash may collide. */
export interface ExactRecipe {
  readonly site: string;
  readonly scope: string;
  /** The cache key, `k1:<32 hex>`. */
  readonly key: string;
  /** The canonical text that `key` is the hash of. It decides; the key only finds. */
  readonly canonical: string;
}

/** One stored generation. */
export interface Entry extends ExactRecipe {
  /** Never used twice; a higher one is newer. */
  readonly id: number;
  /** Its number among the entries of one key, from 1. */
  readonly take: number;
  readonly model: string;
  /** All texts of the recipe, for people to read and search. */
  readonly prompt: string;
  /** The answer template, a JSON array; opaque here. */
  readonly answer: string;
  /** Upstream's `usage` object as JSON. */
  readonly usage: string | undefined;
  readonly upstreamRequestId: string | undefined;
  readonly cost: Cost | undefined;
  /** How long upstream took. */
  readonly elapsedMs: number | undefined;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly hits: number;
  /** Never evicted. */
  readonly pinned: boolean;
  /** Since when it answers no request; undefined while it does. */
  readonly invalidatedAt: number | undefined;
  /** In the answer's order; at least one. */
  readonly images: readonly EntryImage[];
}

/** One image of an entry: a blob, and where it was first fetched. */
export interface EntryImage {
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: BlobMediaType;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Upstream's own URL, which dies after 24 hours. */
  readonly sourceUrl: string | undefined;
}

/** A reference picture that an entry was drawn from. */
export interface ReferenceUse {
  /** Its place among the recipe's references, from 0. */
  readonly position: number;
  /** The request field that named it, as a path. */
  readonly field: string;
  /** SHA-256 of its bytes, 64 lower-case hex digits. */
  readonly digest: string;
}

/** What is known of an entry before it is stored. */
export interface NewEntry
  extends Omit<Entry, 'id' | 'take' | 'usedAt' | 'hits' | 'pinned' | 'invalidatedAt'> {
  /** The take that was asked for; undefined, or one that is stored already, means the next. */
  readonly take: number | undefined;
  readonly references: readonly ReferenceUse[];
  /** Set where it comes from another store. */
  readonly pinned?: boolean;
  readonly tags?: readonly string[];
}
