/** What both SQLite drivers bind alike: booleans, bigints, undefined and bytes are left out because they differ. */
export type SqlValue = string | number | null;

export interface SqlStatement {
  readonly sql: string;
  /** Positional (`?`); at most 100, D1's limit. */
  readonly params: readonly SqlValue[];
}

export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqlResult {
  readonly rows: readonly SqlRow[];
  /** Rows inserted, changed or deleted by the statement. */
  readonly changes: number;
}

/**
 * SQLite, reached with one technology each (better-sqlite3, D1). The unit of work is a list of statements, because D1 has
 * no other transaction: decisions inside it are made in SQL (`on conflict … returning`).
 *
 * Failures are `AppError`: `constraint` (unique, foreign key, check), `storage_full`, else `storage_failed`.
 */
export interface SqlDatabase {
  /** Why the rows were found damaged; absent while they were not, and where nobody can say. */
  readonly damage?: Error | undefined;
  /** The rows of one statement. */
  all(statement: SqlStatement): Promise<readonly SqlRow[]>;
  /** All of the statements in order, or none of them. */
  batch(statements: readonly SqlStatement[]): Promise<readonly SqlResult[]>;
}
