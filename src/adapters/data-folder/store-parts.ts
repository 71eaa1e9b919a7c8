import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readMarker, type StoreMarker } from './store-marker.ts';

/** The folder of the images inside the data folder. */
export const IMAGES_FOLDER = 'blobs';
/** The file of the rows inside the data folder. */
export const ROWS_FILE = 'dashcache.sqlite';
/** The file of the key of all fingerprints inside the data folder. */
export const SECRET_FILE = 'secret';

/** What a data folder holds, as far as its files tell. */
export interface StoreParts {
  readonly hasSecret: boolean;
  /** The file of rows is there and not empty. */
  readonly hasRows: boolean;
  /** There are folders of images. */
  readonly hasImages: boolean;
  readonly marker: StoreMarker | undefined;
  readonly imagesMarker: StoreMarker | undefined;
}

/** Looks for the parts of a store in its folder. */
export async function findParts(folder: string): Promise<StoreParts> {
  const images = join(folder, IMAGES_FOLDER);
  return {
    hasSecret: (await sizeOf(join(folder, SECRET_FILE))) !== undefined,
    hasRows: ((await sizeOf(join(folder, ROWS_FILE))) ?? 0) > 0,
    hasImages: (await namesIn(images)).some((name) => /^[0-9a-f]{2}$/.test(name)),
    marker: await readMarker(folder),
    imagesMarker: await readMarker(images),
  };
}

/**
 * Why a folder must not be opened, judged before its rows are: a part is gone on which the others depend. Going on
 * would make it anew, and what depends on it would be garbage. Undefined when nothing is missing.
 */
export function findMissingPart({ hasSecret, hasRows, hasImages, marker }: StoreParts): string | undefined {
  if (!hasRows && (marker !== undefined || hasImages))
    return `its file ${ROWS_FILE} is missing or empty, so nobody knows what its images are`;
  if (!hasSecret && hasRows) return 'its file "secret" is missing, so nobody would find their entries again';
  return undefined;
}

/**
 * Why rows and folder do not belong together; undefined when they do. `rows` is undefined when the rows have never been
 * marked, `images` says how many images they name.
 */
export function findMismatch(
  { hasImages, marker, imagesMarker }: StoreParts,
  rows: StoreMarker | undefined,
  images: number,
): string | undefined {
  if (marker !== undefined && rows?.store !== marker.store)
    return `its file ${ROWS_FILE} is that of another store, or was made anew`;
  if (marker !== undefined && rows !== undefined && rows.starts < marker.starts)
    return `its file ${ROWS_FILE} is older than the rest of the folder: an old copy, or one without its -wal file`;
  if (marker === undefined && images === 0 && hasImages)
    return `its file ${ROWS_FILE} names no image, but its folder ${IMAGES_FOLDER} has some`;
  if (imagesMarker !== undefined && rows !== undefined && imagesMarker.store !== rows.store)
    return `its folder ${IMAGES_FOLDER} is that of another store`;
  if (imagesMarker === undefined && images > 0 && !hasImages)
    return `its folder ${IMAGES_FOLDER} is empty, but ${images} images are on record: it may not be mounted`;
  return undefined;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(ignoreMissing))?.size;
}

async function namesIn(path: string): Promise<readonly string[]> {
  return (await readdir(path).catch(ignoreMissing)) ?? [];
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    return undefined;
  throw error;
}
