import type * as v from 'valibot';
import { parseTemplate } from '../../core/dashscope/answer.ts';
import { type PortableEntry, writeAnswer } from '../../core/entries/portable-entry.ts';
import { type AppError, invalid } from '../../core/errors.ts';
import type { RelatedEntry } from '../../services/inventory/lineage.ts';
import { isoTime } from './entry-body.ts';
import type { PortableEntryBody, PortableEntry as PortableSchema } from './transfer-schema.ts';

/** An entry as it travels to another store. */
export function portableBody({ entry, references }: RelatedEntry): PortableEntryBody {
  const { site, scope, key, take, canonical, upstreamRequestId, cost, elapsedMs, images } = entry;
  return {
    site,
    scope,
    key,
    take,
    canonical,
    answer: writeAnswer(parseTemplate(entry.answer), upstreamRequestId),
    upstream_request_id: upstreamRequestId ?? null,
    cost: cost === undefined ? null : { amount: cost.amount, currency: cost.currency },
    elapsed_ms: elapsedMs ?? null,
    created_at: isoTime(entry.createdAt),
    pinned: entry.pinned,
    tags: [...entry.tags],
    references: references.map(({ field, digest }) => ({ field, sha256: digest })),
    images: images.map(({ digest }) => ({ sha256: digest })),
  };
}

/** The entry that a checked body carries. */
export function portableOf(body: v.InferOutput<typeof PortableSchema>): PortableEntry {
  const { upstream_request_id, cost, elapsed_ms, created_at, references, images, ...rest } = body;
  return {
    ...rest,
    take: body.take ?? 1,
    upstreamRequestId: upstream_request_id ?? undefined,
    cost: cost ?? undefined,
    elapsedMs: elapsed_ms ?? undefined,
    createdAt: Date.parse(created_at),
    pinned: body.pinned ?? false,
    tags: body.tags ?? [],
    references: (references ?? []).map(({ field, sha256 }) => ({ field, digest: sha256 })),
    images: (images ?? []).map(({ sha256 }) => ({ digest: sha256 })),
  };
}

/** A fault inside the cost is one of the cost. */
export function refusePortable(field: string, problem: string): AppError {
  return invalid(field.startsWith('cost.') ? 'cost' : field, problem);
}
