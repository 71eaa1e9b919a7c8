import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';

/** The file beside the rows, and the one beside the images. A folder without it is not mounted, or is another store's. */
export const MARKER_FILE = 'store.json';

/** Which store a part belongs to, and how new it is. */
export interface StoreMarker {
  /** A random number from 1, the same in every part. */
  readonly store: number;
  /** How often the store was started. Rows that know of fewer starts than their folder are older than it. */
  readonly starts: number;
}

/** The marker in a folder; undefined when there is none. Errors: `config` when it makes no sense. */
export async function readMarker(folder: string): Promise<StoreMarker | undefined> {
  const path = join(folder, MARKER_FILE);
  try {
    const found: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (isMarker(found)) return found;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new AppError('config', `${path} is damaged. ${WAY_OUT}`);
}

/** What to do about a folder whose parts do not belong together. */
export const WAY_OUT =
  'Put the missing part back, or bring back a backup (dashcache restore DIR). To go on with what is there: dashcache repair. To begin anew: name another folder (DASHCACHE_DATA).';

/** Writes a folder's marker, whole or not at all, and makes the folder's names durable. The folder must exist. */
export async function writeMarker(folder: string, marker: StoreMarker): Promise<void> {
  const path = join(folder, MARKER_FILE);
  const unfinished = `${path}.new`;
  const file = await open(unfinished, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(marker)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function isMarker(value: unknown): value is StoreMarker {
  return (
    typeof value === 'object' &&
    value !== null &&
    'store' in value &&
    'starts' in value &&
    Number.isSafeInteger(value.store) &&
    Number.isSafeInteger(value.starts)
  );
}
