import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { snapshotDatabase } from './adapters/better-sqlite3/snapshot.ts';
import { type BetterSqlite3Database, openDatabase } from './adapters/better-sqlite3/sql-database.ts';
import { unfit } from './adapters/data-folder/data-folder.ts';
import { claimFolder } from './adapters/data-folder/owner.ts';
import { MARKER_FILE, writeMarker } from './adapters/data-folder/store-marker.ts';
import { findParts, IMAGES_FOLDER, ROWS_FILE, SECRET_FILE } from './adapters/data-folder/store-parts.ts';
import { FsBlobDriver } from './adapters/fs/blob-driver.ts';
import { nativeHasher } from './adapters/hash/native.ts';
import { systemClock } from './adapters/system/clock.ts';
import { AppError } from './core/errors.ts';
import { openStore } from './node-metadata.ts';
import { EntryStore } from './services/entries/entry-store.ts';
import { type CopiedBlobs, copyBlobs, listDigests } from './services/maintenance/blob-copier.ts';

/** What `backUp` or `restore` did. */
export interface Copied extends CopiedBlobs {
  /** The folder that was written, absolute. */
  readonly folder: string;
  /** Where `restore` put the rows and the secret that were there before; undefined when there were none. */
  readonly replaced?: string;
}

/** The folder of uploads inside the data folder. */
const UPLOADS_FOLDER = 'references';
/** Copies of rows beyond the first, while images go that they name. */
const MORE_COPIES = 2;

/**
 * Copies a data folder, also while a server has it: first the rows as they are at one moment, then every image that they
 * name, each proven by its digest. What `target` has already is not copied again. `target` is a data folder itself.
 * Errors: `config` when there is no store in `data`, or when `target` is in use.
 */
export async function backUp(data: string, target: string): Promise<Copied> {
  const [from, to] = [resolve(data), resolve(target)];
  const parts = await findParts(from);
  if (from === to) throw new AppError('config', 'A folder is no backup of itself.');
  if (!parts.hasRows || !parts.hasSecret) throw unfit(from, 'it has no store to copy');
  await mkdir(join(to, IMAGES_FOLDER), { recursive: true, mode: 0o700 });
  const release = claimFolder(to);
  try {
    let copied = await copyStore(from, to);
    // What was evicted between the rows and its turn is missing for good: in newer rows it has no part.
    for (let more = 0; more < MORE_COPIES && copied.damaged > 0; more += 1) {
      const again = await copyStore(from, to);
      copied = { ...again, copied: copied.copied + again.copied, bytes: copied.bytes + again.bytes };
    }
    await copySecret(from, to);
    await removeRows(join(to, ROWS_FILE));
    await rename(newRows(to), join(to, ROWS_FILE));
    return { folder: to, ...copied };
  } finally {
    release();
  }
}

/**
 * Brings a backup back into a data folder that no server has. The backup is proven first; the rows and the secret that
 * are in the folder are kept beside the new ones, and images that are there stay. Errors: `config` when the backup is
 * damaged or no backup; nothing was changed then.
 */
export async function restore(backup: string, data: string): Promise<Copied> {
  const [from, to] = [resolve(backup), resolve(data)];
  const parts = await findParts(from);
  if (from === to) throw new AppError('config', 'A folder is no backup of itself.');
  if (!parts.hasRows || !parts.hasSecret)
    throw new AppError('config', `${from} is no backup: it has no rows or no secret`);
  await mkdir(join(to, IMAGES_FOLDER), { recursive: true, mode: 0o700 });
  const release = claimFolder(to);
  let done: Copied;
  try {
    const copied = await copyStore(from, to, { isRestored: true });
    const replaced = await putAside(to);
    await copySecret(from, to);
    await rename(newRows(to), join(to, ROWS_FILE));
    done = { folder: to, ...copied, ...(replaced === undefined ? {} : { replaced }) };
  } finally {
    release();
  }
  // Marks what is there now as belonging together.
  (await openStore(to, { repairs: true })).close();
  return done;
}

/**
 * Opens a data folder with what is left of it, and moves the images that no row names to the trash. Returns how many
 * those were.
 */
export async function repair(data: string): Promise<{ readonly folder: string; readonly discarded: number }> {
  const store = await openStore(data, { repairs: true });
  try {
    const driver = new FsBlobDriver(join(store.folder.path, IMAGES_FOLDER));
    const entries = new EntryStore(store.database);
    let discarded = 0;
    for (const digest of await listDigests(driver)) {
      if ((await entries.findBlob(digest)) !== undefined) continue;
      await driver.discard(digest);
      discarded += 1;
    }
    return { folder: store.folder.path, discarded };
  } finally {
    store.close();
  }
}

/** Copies rows, aside, then images and uploads; the copy of the rows is proven first. */
async function copyStore(from: string, to: string, { isRestored = false } = {}): Promise<CopiedBlobs> {
  const rows = await copyRows(from, newRows(to));
  try {
    const copied = await copyBlobs(new EntryStore(rows), {
      from: new FsBlobDriver(join(from, IMAGES_FOLDER), { marker: MARKER_FILE }),
      to: new FsBlobDriver(join(to, IMAGES_FOLDER)),
      hasher: nativeHasher,
      provesTarget: isRestored,
    });
    await copyUploads(from, to);
    if (!isRestored) {
      await writeMarker(join(to, IMAGES_FOLDER), rows.marker());
      await writeMarker(to, rows.marker());
    }
    return copied;
  } finally {
    rows.close();
  }
}

async function copyRows(from: string, rows: string): Promise<BetterSqlite3Database> {
  await removeRows(rows);
  try {
    await snapshotDatabase(join(from, ROWS_FILE), rows);
    return openDatabase(rows, { checks: 'all' });
  } catch (cause) {
    throw unfit(from, `its file ${ROWS_FILE} is damaged or cannot be read; nothing was changed`, cause);
  }
}

const newRows = (folder: string): string => join(folder, `${ROWS_FILE}.new`);

async function copyUploads(from: string, to: string): Promise<void> {
  const source = new FsBlobDriver(join(from, UPLOADS_FOLDER));
  const target = new FsBlobDriver(join(to, UPLOADS_FOLDER));
  for (const digest of await listDigests(source)) {
    const content = await source.read(digest);
    // It may have ended meanwhile: uploads live for two days.
    if (content === undefined || (await target.size(digest)) === content.size) continue;
    const stage = await target.stage();
    for await (const chunk of content.body instanceof Uint8Array ? [content.body] : content.body)
      await stage.write(chunk);
    await stage.commit(digest, content.size);
  }
}

async function copySecret(from: string, to: string): Promise<void> {
  const unfinished = join(to, `${SECRET_FILE}.new`);
  await copyFile(join(from, SECRET_FILE), unfinished);
  await rename(unfinished, join(to, SECRET_FILE));
}

/** Rows with what SQLite keeps beside them: an old log beside new rows would damage them. */
async function removeRows(path: string): Promise<void> {
  for (const ending of ['', '-wal', '-shm']) await rm(path + ending, { force: true });
}

/** Moves rows, secret and marker into a folder of their own; undefined when there are none. */
async function putAside(data: string): Promise<string | undefined> {
  const { hasRows, hasSecret, marker } = await findParts(data);
  if (!hasRows && !hasSecret && marker === undefined) return undefined;
  const time = new Date(systemClock.now()).toISOString().replaceAll(':', '-');
  const aside = join(data, `replaced-${time}`);
  await mkdir(aside, { mode: 0o700 });
  for (const name of [ROWS_FILE, `${ROWS_FILE}-wal`, `${ROWS_FILE}-shm`, SECRET_FILE, MARKER_FILE])
    await rename(join(data, name), join(aside, name)).catch(ignoreMissing);
  return aside;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
