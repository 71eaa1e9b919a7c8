import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { PageAssets } from '../../ports/page-assets.ts';

/** The files below one folder, read once. A name has slashes between its parts; any other name finds nothing. */
export async function readPageAssets(folder: string): Promise<PageAssets> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  const files = new Map(
    await Promise.all(
      paths.map(async (path) => [relative(folder, path).replaceAll(sep, '/'), await readFile(path)] as const),
    ),
  );
  return { find: async (name) => files.get(name) };
}
