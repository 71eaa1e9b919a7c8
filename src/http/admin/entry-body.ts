import { extensionOf } from '../../core/entries/blob.ts';
import type { Cost } from '../../core/events.ts';
import type { JsonValue } from '../../core/json/json-text.ts';
import { readFacts } from '../../core/recipe/recipe-facts.ts';
import type { TaggedEntry } from '../../services/inventory/entry-search.ts';
import type { EntryName, RelatedEntry } from '../../services/inventory/lineage.ts';

/** An entry as lists tell it. */
export interface EntrySummaryBody {
  readonly id: number;
  readonly key: string;
  readonly site: string;
  readonly scope: string;
  readonly take: number;
  readonly model: string;
  readonly prompt: string;
  readonly size: string | null;
  readonly seed: number | null;
  readonly created_at: string;
  readonly used_at: string;
  readonly invalidated_at: string | null;
  readonly hits: number;
  readonly pinned: boolean;
  readonly tags: readonly string[];
  readonly cost: Cost | null;
  readonly images: readonly EntryImageBody[];
}

export interface EntryImageBody {
  readonly sha256: string;
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly media_type: string;
  readonly bytes: number;
}

/** An entry with everything that is known of it. */
export interface EntryDetailBody extends EntrySummaryBody {
  readonly canonical: JsonValue;
  readonly usage: JsonValue;
  readonly upstream_request_id: string | null;
  readonly elapsed_ms: number | null;
  readonly references: readonly {
    readonly position: number;
    readonly field: string;
    readonly sha256: string;
    readonly known: boolean;
    readonly drawn_by: readonly Omit<EntryName, 'prompt'>[];
  }[];
  readonly used_as_reference_by: readonly EntryName[];
}

/** A page of a list. */
export interface EntryPageBody {
  readonly entries: readonly EntrySummaryBody[];
  readonly next_cursor: string | null;
}

/** The takes of a key. */
export interface KeyBody {
  readonly key: string;
  readonly takes: readonly EntryDetailBody[];
}

/** An entry in a list. `base` is where blobs are fetched. */
export function entrySummary(entry: TaggedEntry, base: string): EntrySummaryBody {
  const { id, key, site, scope, take, model, prompt, hits, pinned, tags, cost, images, invalidatedAt } =
    entry;
  const { size, seed } = readFacts(entry.canonical);
  return {
    id,
    key,
    site,
    scope,
    take,
    model,
    prompt,
    // A name such as 2K is no size in pixels.
    size: size !== undefined && /^\d+\*\d+$/.test(size) ? size : null,
    seed: seed ?? null,
    created_at: isoTime(entry.createdAt),
    used_at: isoTime(entry.usedAt),
    invalidated_at: invalidatedAt === undefined ? null : isoTime(invalidatedAt),
    hits,
    pinned,
    tags,
    cost: cost === undefined ? null : { amount: cost.amount, currency: cost.currency },
    images: images.map(({ digest, mediaType, width, height, size: bytes }) => ({
      sha256: digest,
      url: `${base}/blobs/${digest}.${extensionOf(mediaType)}`,
      width,
      height,
      media_type: mediaType,
      bytes,
    })),
  };
}

/** An entry with everything that is known of it. */
export function entryDetail(
  { entry, references, usedAsReferenceBy }: RelatedEntry,
  base: string,
): EntryDetailBody {
  const canonical: JsonValue = JSON.parse(entry.canonical);
  const usage: JsonValue = entry.usage === undefined ? null : JSON.parse(entry.usage);
  return {
    ...entrySummary(entry, base),
    canonical,
    usage,
    upstream_request_id: entry.upstreamRequestId ?? null,
    elapsed_ms: entry.elapsedMs ?? null,
    references: references.map(({ position, field, digest, isKnown, drawnBy }) => ({
      position,
      field,
      sha256: digest,
      known: isKnown,
      drawn_by: drawnBy.map(({ id, key, site, scope }) => ({ id, key, site, scope })),
    })),
    used_as_reference_by: usedAsReferenceBy.map((name) => ({ ...name })),
  };
}

/** A time as RFC 3339 has it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
