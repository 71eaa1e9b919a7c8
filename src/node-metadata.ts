import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, readMigrations } from './adapters/better-sqlite3/migrate.ts';
import { type BetterSqlite3Database, openDatabase } from './adapters/better-sqlite3/sql-database.ts';
import {
  type DataFolder,
  type OpenFolderOptions,
  openDataFolder,
  unfit,
} from './adapters/data-folder/data-folder.ts';
import { writeMarker } from './adapters/data-folder/store-marker.ts';
import { findMismatch, IMAGES_FOLDER, ROWS_FILE } from './adapters/data-folder/store-parts.ts';
import { isAppError } from './core/errors.ts';

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
const MAX_STORE = 2 ** 31 - 1;

/** A data folder with its rows at this program's schema, proven to belong together. */
export interface OpenStore {
  readonly folder: DataFolder;
  readonly database: BetterSqlite3Database;
  /** The migrations applied now, in order. */
  readonly applied: readonly string[];
  /** Closes the rows and gives the folder up. Calling it again does nothing. */
  close(): void;
}

/** What `migrateFolder` did. */
export interface Migrated {
  /** The folder, absolute. */
  readonly data: string;
  /** The migrations applied now, in order. */
  readonly applied: readonly string[];
}

/**
 * Opens a data folder, making it if it is not there. Errors: `config` when another process has it, when its parts do not
 * belong together or when its rows are damaged; nothing was changed then. `repairs` goes on with what is there.
 */
export async function openStore(data: string, options: OpenFolderOptions = {}): Promise<OpenStore> {
  const folder = await openDataFolder(data, options);
  let database: BetterSqlite3Database | undefined;
  const close = () => {
    database?.close();
    folder.release();
  };
  try {
    database = openDatabase(join(folder.path, ROWS_FILE), folder.parts.hasRows ? { checks: 'quick' } : {});
    const applied = await migrate(database, await readMigrations(MIGRATIONS));
    await joinParts(folder, database, options);
    return { folder, database, applied, close };
  } catch (error) {
    close();
    if (isAppError(error, 'storage_failed'))
      throw unfit(folder.path, `its file ${ROWS_FILE} is damaged or cannot be read`, error);
    if (isAppError(error, 'storage_full'))
      throw unfit(
        folder.path,
        `its file ${ROWS_FILE} cannot be written: its disk is full, read-only or failing`,
        error,
      );
    throw error;
  }
}

/** Makes the data folder if it is not there, and brings its database to this program's schema. */
export async function migrateFolder(data: string): Promise<Migrated> {
  const store = await openStore(data);
  store.close();
  return { data: store.folder.path, applied: store.applied };
}

/**
 * Marks every part with one more start. Rows first: a crash in between leaves them newer than the folder, which is no
 * fault; the other way round they would look like an old copy.
 */
async function joinParts(
  { path, parts }: DataFolder,
  database: BetterSqlite3Database,
  { repairs = false }: OpenFolderOptions,
): Promise<void> {
  const marked = database.marker();
  const rows = marked.store === 0 ? undefined : marked;
  const [totals] = await database.all({ sql: 'select blobs from blob_totals', params: [] });
  const fault = repairs ? undefined : findMismatch(parts, rows, Number(totals?.blobs ?? 0));
  if (fault !== undefined) throw unfit(path, fault);
  const marker = {
    store: rows?.store ?? randomInt(1, MAX_STORE),
    starts: Math.max(marked.starts, parts.marker?.starts ?? 0) + 1,
  };
  const images = join(path, IMAGES_FOLDER);
  await mkdir(images, { recursive: true, mode: 0o700 });
  database.mark(marker);
  await writeMarker(images, marker);
  await writeMarker(path, marker);
}
