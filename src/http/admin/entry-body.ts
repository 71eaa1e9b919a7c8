import { extensionOf } from '../../core/entries/blob.ts';
import type { JsonValue } from '../../core/json/json-value.ts';
import { readFacts } from '../../core/recipe/recipe-facts.ts';
import type { TaggedEntry } from '../../services/inventory/entry-search.ts';
import type { RelatedEntry } from '../../services/inventory/lineage.ts';
import type { EntryDetailBody, EntrySummaryBody } from './entry-schema.ts';

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
