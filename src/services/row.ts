import { AppError } from '../core/errors.ts';
import type { SqlRow, SqlValue } from '../ports/sql-database.ts';

/*
 * Typed access to rows. Each throws `AppError` `storage_failed`, naming the column when the value is of another type:
 * the statement and the code that reads it do not fit together, or the file is damaged.
 */

/** The first row, of a statement that always has one. */
export function first(rows: readonly SqlRow[] | undefined): SqlRow {
  const row = rows?.[0];
  if (row === undefined) throw new AppError('storage_failed', 'The database gave no row where one is due.');
  return row;
}

/** The text in a column. */
export function text(row: SqlRow, column: string): string {
  return optionalText(row, column) ?? unexpected(column, 'text', null);
}

/** The whole number in a column, one that a double holds exactly. */
export function integer(row: SqlRow, column: string): number {
  return optionalInteger(row, column) ?? unexpected(column, 'integer', null);
}

/** The number in a column. */
export function real(row: SqlRow, column: string): number {
  return optionalReal(row, column) ?? unexpected(column, 'number', null);
}

/** The text in a column; undefined for NULL. */
export function optionalText(row: SqlRow, column: string): string | undefined {
  const value = row[column];
  if (value === null) return undefined;
  return typeof value === 'string' ? value : unexpected(column, 'text', value);
}

/** The whole number in a column; undefined for NULL. */
export function optionalInteger(row: SqlRow, column: string): number | undefined {
  const value = optionalReal(row, column);
  return value === undefined || Number.isSafeInteger(value) ? value : unexpected(column, 'integer', value);
}

/** The number in a column; undefined for NULL. */
export function optionalReal(row: SqlRow, column: string): number | undefined {
  const value = row[column];
  if (value === null) return undefined;
  return typeof value === 'number' ? value : unexpected(column, 'number', value);
}

function unexpected(column: string, wanted: string, value: SqlValue | undefined): never {
  const found = value === null ? 'NULL' : value === undefined ? 'no such column' : typeof value;
  throw new AppError('storage_failed', `The column ${column} should hold ${wanted}, but holds ${found}.`);
}
