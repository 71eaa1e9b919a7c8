import type { Entry, ExactRecipe } from '../../core/entries/entry.ts';

/** One place in memory per key, so that a deletion finds it without the canonical text. */
export function placeOf({ site, scope, key }: Omit<ExactRecipe, 'canonical'>): string {
  return `${site}\n${scope}\n${key}`;
}

/** Bytes that it takes in memory, about. */
export function memorySize(entry: Entry): number {
  let size = 500 + entry.canonical.length + entry.prompt.length + entry.answer.length;
  size += entry.usage?.length ?? 0;
  for (const image of entry.images) size += 200 + (image.sourceUrl?.length ?? 0);
  return size;
}

/** Rows per statement when a list is long: it bounds one transaction's time, and a parameter's size on D1. */
const CHUNK = 500;

/** A list in pieces that one statement may take. */
export function* chunks<T>(list: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < list.length; start += CHUNK) yield list.slice(start, start + CHUNK);
}
