import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PageAssets } from '../../ports/page-assets.ts';

/** The files of one folder, read once. Any other name finds nothing. */
export async function readPageAssets(folder: string): Promise<PageAssets> {
  const names = await readdir(folder);
  const files = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
  return { find: async (name) => files.get(name) };
}
