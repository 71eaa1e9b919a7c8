import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, readMigrations } from './adapters/better-sqlite3/migrate.ts';
import { type BetterSqlite3Database, openDatabase } from './adapters/better-sqlite3/sql-database.ts';
import { type DataFolder, openDataFolder } from './adapters/data-folder/data-folder.ts';

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));

/** What `migrateFolder` did. */
export interface Migrated {
  /** The folder, absolute. */
  readonly data: string;
  /** The migrations applied now, in order. */
  readonly applied: readonly string[];
}

/** Opens the folder's database without migrating. If that fails, the folder is released, so that it can be repaired. */
export function openMetadata(folder: DataFolder): BetterSqlite3Database {
  try {
    return openDatabase(join(folder.path, 'dashcache.sqlite'));
  } catch (error) {
    folder.release();
    throw error;
  }
}

/** Brings a folder's database to this program's schema; returns the migrations applied now. */
export async function migrateMetadata(database: BetterSqlite3Database): Promise<readonly string[]> {
  return await migrate(database, await readMigrations(MIGRATIONS));
}

/** Makes the data folder if it is missing, and brings its database to this program's schema. */
export async function migrateFolder(data: string): Promise<Migrated> {
  const folder = await openDataFolder(data);
  const database = openMetadata(folder);
  try {
    return { data: folder.path, applied: await migrateMetadata(database) };
  } finally {
    database.close();
    folder.release();
  }
}
