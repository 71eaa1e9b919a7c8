import { type BlobRecord, isBlobMediaType } from '../../core/entries/blob.ts';
import type { Entry, EntryImage } from '../../core/entries/entry.ts';
import { AppError } from '../../core/errors.ts';
import type { Cost } from '../../core/events.ts';
import type { SqlRow } from '../../ports/sql-database.ts';
import { integer, optionalInteger, optionalReal, optionalText, text } from '../row.ts';

/** Entries from rows of one image each, in the rows' order. */
export function readEntries(rows: readonly SqlRow[]): Entry[] {
  const entries: Entry[] = [];
  let id: number | undefined;
  let images: EntryImage[] = [];
  for (const row of rows) {
    if (row.id !== id) {
      id = integer(row, 'id');
      images = [];
      entries.push(readEntry(row, id, images));
    }
    images.push({ ...readBytes(row), sourceUrl: optionalText(row, 'source_url') });
  }
  return entries;
}

/** A row of `blobs`. */
export function readBlob(row: SqlRow): BlobRecord {
  return { ...readBytes(row), createdAt: integer(row, 'created_at') };
}

function readEntry(row: SqlRow, id: number, images: readonly EntryImage[]): Entry {
  return {
    id,
    site: text(row, 'site'),
    scope: text(row, 'scope'),
    key: text(row, 'key'),
    take: integer(row, 'take'),
    canonical: text(row, 'canonical'),
    model: text(row, 'model'),
    prompt: text(row, 'prompt'),
    answer: text(row, 'answer'),
    usage: optionalText(row, 'usage'),
    upstreamRequestId: optionalText(row, 'upstream_request_id'),
    cost: readCost(row),
    elapsedMs: optionalInteger(row, 'elapsed_ms'),
    createdAt: integer(row, 'created_at'),
    usedAt: integer(row, 'used_at'),
    hits: integer(row, 'hits'),
    pinned: integer(row, 'pinned') === 1,
    invalidatedAt: optionalInteger(row, 'invalidated_at'),
    images,
  };
}

function readBytes(row: SqlRow) {
  const mediaType = text(row, 'media_type');
  if (!isBlobMediaType(mediaType)) {
    throw new AppError('storage_failed', 'The column media_type holds a type that is not known.');
  }
  return {
    digest: text(row, 'sha256'),
    size: integer(row, 'size'),
    mediaType,
    width: integer(row, 'width'),
    height: integer(row, 'height'),
  };
}

function readCost(row: SqlRow): Cost | undefined {
  const amount = optionalReal(row, 'cost_amount');
  const currency = optionalText(row, 'cost_currency');
  if (amount === undefined || currency === undefined) return undefined;
  if (currency !== 'CNY' && currency !== 'USD') {
    throw new AppError('storage_failed', 'The column cost_currency holds a currency that is not known.');
  }
  return { amount, currency };
}
