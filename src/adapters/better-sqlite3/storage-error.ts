import Database from 'better-sqlite3';
import { AppError } from '../../core/errors.ts';

/**
 * Nothing can be written now, for whatever reason: full, over a quota (which SQLite calls an I/O error), read-only, or a
 * sync that failed. All of it may pass, and reading may go on.
 */
const UNWRITABLE = /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)/;

/** What a failure of SQLite is to the callers, without SQL and values. */
export function toStorageError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Database.SqliteError ? error.code : '';
  if (code.startsWith('SQLITE_CONSTRAINT'))
    return new AppError('constraint', 'The rows break a rule of the database.', { cause: error });
  if (UNWRITABLE.test(code))
    return new AppError(
      'storage_full',
      'The database cannot be written now: its disk is full, read-only or failing.',
      {
        cause: error,
      },
    );
  return new AppError('storage_failed', 'The database failed.', { cause: error });
}
