import type { EntryImage, NewEntry } from '../../../src/core/entries/entry.ts';

/** 64 hex digits made of one number. */
export function digestOf(number: number): string {
  return number.toString(16).padStart(64, '0');
}

export function imageOf(number: number, changes: Partial<EntryImage> = {}): EntryImage {
  return {
    digest: digestOf(number),
    size: 1000 + number,
    mediaType: 'image/png',
    width: 1024,
    height: 768,
    sourceUrl: `https://results.example/${number}.png?Signature=x`,
    ...changes,
  };
}

/** An entry to store, with one image unless told otherwise. */
export function newEntry(changes: Partial<NewEntry> = {}): NewEntry {
  return {
    site: 'cn',
    scope: 'alice',
    key: 'k1:00000000000000000000000000000001',
    canonical: '{"model":"qwen-image-max","prompt":"a cat"}',
    take: undefined,
    model: 'qwen-image-max',
    prompt: 'a cat',
    answer: '["{\\"url\\":\\"","\\"}"]',
    usage: '{"image_count":1}',
    upstreamRequestId: 'upstream-1',
    cost: { amount: 0.5, currency: 'CNY' },
    elapsedMs: 12_345,
    createdAt: 1_000,
    images: [imageOf(1)],
    references: [],
    ...changes,
  };
}
