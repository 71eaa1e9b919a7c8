import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { toStorageError } from '../../src/adapters/better-sqlite3/storage-error.ts';

it.each([
  ['SQLITE_FULL', 'storage_full'],
  ['SQLITE_IOERR_FSYNC', 'storage_full'],
  ['SQLITE_IOERR_WRITE', 'storage_full'],
  ['SQLITE_READONLY', 'storage_full'],
  ['SQLITE_CANTOPEN', 'storage_full'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'constraint'],
  ['SQLITE_CORRUPT', 'storage_failed'],
])('%s is %s, without the text of the statement', (code, expected) => {
  const error = toStorageError(new Database.SqliteError('near "secret"', code));
  expect(error.code).toBe(expected);
  expect(error.message).not.toContain('secret');
});
