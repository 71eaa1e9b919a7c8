import Database from 'better-sqlite3';
import { AppError } from '../../core/errors.ts';
import { keepAlive } from './keep-alive.ts';

/** All that is left, in one step: between two steps another process's write would start the copy anew. */
const ALL_PAGES = 0x7fff_ffff;

/**
 * Copies a database as it is at one moment into a new file, also while others write to it (SQLite's online backup).
 * Errors: `storage_failed`.
 */
export async function snapshotDatabase(from: string, to: string): Promise<void> {
  try {
    const source = keepAlive(new Database(from, { fileMustExist: true, timeout: 5000 }));
    try {
      await source.backup(to, { progress: () => ALL_PAGES });
    } finally {
      source.close();
    }
  } catch (cause) {
    throw new AppError('storage_failed', 'The database cannot be copied.', { cause });
  }
}
