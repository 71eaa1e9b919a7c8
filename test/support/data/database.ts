import { fileURLToPath } from 'node:url';
import { migrate, readMigrations } from '../../../src/adapters/better-sqlite3/migrate.ts';
import { type BetterSqlite3Database, openDatabase } from '../../../src/adapters/better-sqlite3/sql-database.ts';

/** The folder of the project's migrations. */
export const MIGRATIONS = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** A database with the project's tables, in memory unless a path is given. Close it. */
export async function openMigrated(path = ':memory:'): Promise<BetterSqlite3Database> {
  const database = openDatabase(path);
  await migrate(database, await readMigrations(MIGRATIONS));
  return database;
}
