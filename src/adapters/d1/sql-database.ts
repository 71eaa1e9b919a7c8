import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import { AppError } from '../../core/errors.ts';
import type { SqlDatabase, SqlResult, SqlRow, SqlStatement, SqlValue } from '../../ports/sql-database.ts';

const MAX_PARAMS = 100;

/** SQLite at Cloudflare. Every query goes to the primary, so that a request finds what the one before it stored. */
export class D1SqlDatabase implements SqlDatabase {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async all(statement: SqlStatement): Promise<readonly SqlRow[]> {
    const [result] = await this.batch([statement]);
    return result?.rows ?? [];
  }

  async batch(statements: readonly SqlStatement[]): Promise<readonly SqlResult[]> {
    // D1 refuses an empty batch.
    if (statements.length === 0) return [];
    const prepared = statements.map((statement) => this.#prepare(statement));
    try {
      const results = await this.#database.batch<Record<string, SqlValue>>(prepared);
      return results.map(({ results: rows, meta }) => ({ rows, changes: meta.changes }));
    } catch (error) {
      throw translate(error);
    }
  }

  #prepare({ sql, params }: SqlStatement): D1PreparedStatement {
    checkParams(params);
    return this.#database.prepare(sql).bind(...params);
  }
}

/** The types already forbid these, but a value read from outside may pass them; D1 would turn some into others. */
function checkParams(params: readonly unknown[]): void {
  if (params.length > MAX_PARAMS) {
    throw new AppError('storage_failed', `A statement has more than ${MAX_PARAMS} parameters.`);
  }
  for (const value of params) {
    if (typeof value === 'string' || value === null || Number.isFinite(value)) continue;
    throw new AppError('storage_failed', `A statement cannot take a value of type ${typeof value}.`);
  }
}

/** D1 names the failure only by SQLite's code inside the message. The message holds SQL, so it stays the cause. */
function translate(cause: unknown): AppError {
  const message = cause instanceof Error ? cause.message : '';
  if (message.includes('SQLITE_CONSTRAINT')) {
    return new AppError('constraint', 'The rows break a rule of the database.', { cause });
  }
  if (message.includes('SQLITE_FULL') || message.includes('maximum DB size')) {
    return new AppError('storage_full', 'There is no room left for the database.', { cause });
  }
  return new AppError('storage_failed', 'The database failed.', { cause });
}
