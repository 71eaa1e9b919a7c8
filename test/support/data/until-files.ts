import { readdirSync } from 'node:fs';
import { watch } from 'node:fs/promises';

/** Resolves when a folder holds so many files. */
export async function untilFiles(folder: string, count: number): Promise<void> {
  const ended = new AbortController();
  const changes = watch(folder, { signal: ended.signal })[Symbol.asyncIterator]();
  const next = () => changes.next();
  let change = next();
  while (readdirSync(folder).length !== count) {
    await change;
    change = next();
  }
  change.catch(() => {});
  ended.abort();
}
