import { closeSync, openSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { AppError, isAppError } from '../../core/errors.ts';
import type { SqlDatabase, SqlResult, SqlRow, SqlStatement, SqlValue } from '../../ports/sql-database.ts';
import { keepAlive } from './keep-alive.ts';
import { toStorageError } from './storage-error.ts';

export interface OpenOptions {
  /** How long a statement waits for another process's write to end. Default 5000. */
  readonly busyTimeoutMs?: number;
  /** Looks for damage first: where that is `quick`, or in `all` of the file. */
  readonly checks?: 'quick' | 'all';
}

/** Looked through at each opening: about a second for the larger. A log that a crash left may belong to another file. */
const CHECKED_BYTES = 64 * 1024 * 1024;
const CHECKED_WITH_LOG_BYTES = 512 * 1024 * 1024;

/** D1's limit, held here too so that what runs on Node runs there. */
const MAX_PARAMS = 100;
const MIB = 1024 * 1024;

/**
 * Run as a script: `pragma()` would leave a statement to the garbage collector for each (see `keepAlive`). A WAL that a
 * long reader let grow is cut back at the next checkpoint.
 */
const SETTINGS = `
  pragma auto_vacuum = incremental;
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma foreign_keys = on;
  pragma wal_autocheckpoint = 1000;
  pragma journal_size_limit = ${64 * MIB};
  pragma mmap_size = ${256 * MIB};
`;

type Prepared = Database.Statement<SqlValue[], SqlRow>;

/**
 * Opens the metadata in a file (made if missing), or in memory for `:memory:`. It does not migrate.
 *
 * The file is in WAL mode with `synchronous=FULL`: every commit is fsynced, so the record of a paid image survives a
 * power loss. That costs a tenth of a millisecond to a few, beside a generation of many seconds.
 *
 * Errors: `storage_failed` (no such folder, not a database), `storage_full`.
 */
export function openDatabase(path: string, options: OpenOptions = {}): BetterSqlite3Database {
  return translated(() => {
    // The folder may have been there before, open to all. What SQLite puts beside the file gets the file's own mode.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    const isChecked = options.checks === 'all' || (options.checks === 'quick' && isQuickToCheck(path));
    const database = keepAlive(new Database(path, { timeout: options.busyTimeoutMs ?? 5000 }));
    try {
      database.exec(SETTINGS);
      if (isChecked) check(database);
      return new BetterSqlite3Database(database);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** SQLite in this process. Statements run synchronously; the promises are only the port's shape. */
export class BetterSqlite3Database implements SqlDatabase {
  #damage: AppError | undefined;
  readonly #database: Database.Database;
  readonly #prepared = new Map<string, Prepared>();
  readonly #batch: Database.Transaction<(statements: readonly SqlStatement[]) => SqlResult[]>;
  readonly #script: Database.Transaction<(sql: string, statement: SqlStatement) => SqlResult>;
  readonly #changes: Database.Statement<[], number>;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#batch = database.transaction((statements: readonly SqlStatement[]) =>
      statements.map((statement) => this.#run(statement)),
    );
    this.#script = database.transaction((sql: string, statement: SqlStatement) => {
      database.exec(sql);
      return this.#run(statement);
    });
    this.#changes = keepAlive(database.prepare<[], number>('select changes()').pluck());
  }

  async all(statement: SqlStatement): Promise<readonly SqlRow[]> {
    return this.#watched(() => this.#run(statement).rows);
  }

  async batch(statements: readonly SqlStatement[]): Promise<readonly SqlResult[]> {
    // Immediate: a transaction that reads first and writes later could not wait for another writer.
    return this.#watched(() => this.#batch.immediate(statements));
  }

  /** Runs a text of many statements, then one more, all or nothing. For migrations: parameters and rows are left out. */
  async script(sql: string, statement: SqlStatement): Promise<void> {
    translated(() => this.#script.immediate(sql, statement));
  }

  /** Which store the rows belong to, and at which start of it they were written last; store 0 when never marked. */
  marker(): { readonly store: number; readonly starts: number } {
    return translated(() => ({
      store: this.#pragma('application_id'),
      starts: this.#pragma('user_version'),
    }));
  }

  /** Writes the marker, durably. In the file's header, which the runtime without files has no need of. */
  mark({ store, starts }: { readonly store: number; readonly starts: number }): void {
    translated(() =>
      this.#database.exec(
        `begin immediate; pragma application_id = ${store}; pragma user_version = ${starts}; commit`,
      ),
    );
  }

  /**
   * Gives free pages back to the disk, at most so many, each of 4 KiB. Does nothing for a file that was made without
   * `auto_vacuum`.
   */
  giveBackPages(count: number): void {
    translated(() => this.#database.exec(`pragma incremental_vacuum(${count})`));
  }

  #pragma(name: 'application_id' | 'user_version'): number {
    return Number(this.#run({ sql: `pragma ${name}`, params: [] }).rows[0]?.[name]);
  }

  /** Why the file was found damaged since it was opened; undefined while it was not. */
  get damage(): AppError | undefined {
    return this.#damage;
  }

  /** Closes the connection; later calls fail. Calling it again does nothing. */
  close(): void {
    this.#database.close();
  }

  #watched<T>(work: () => T): T {
    try {
      return translated(work);
    } catch (error) {
      if (isAppError(error) && isDamage(error.cause)) this.#damage = error;
      throw error;
    }
  }

  #run({ sql, params }: SqlStatement): SqlResult {
    checkParams(params);
    const prepared = this.#prepare(sql);
    if (!prepared.reader) return { rows: [], changes: prepared.run(...params).changes };
    const rows = prepared.all(...params);
    return { rows, changes: prepared.readonly ? 0 : (this.#changes.get() ?? 0) };
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    // Kept for good: the texts are the program's own, and few.
    const prepared = keepAlive(this.#database.prepare<SqlValue[], SqlRow>(sql));
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** The types already forbid these, but a value read from outside may pass them; D1 and this driver would then differ. */
function checkParams(params: readonly unknown[]): void {
  if (params.length > MAX_PARAMS) {
    throw new AppError('storage_failed', `A statement has more than ${MAX_PARAMS} parameters.`);
  }
  for (const value of params) {
    if (typeof value === 'string' || value === null || Number.isFinite(value)) continue;
    throw new AppError('storage_failed', `A statement cannot take a value of type ${typeof value}.`);
  }
}

/** Runs the work; what it throws becomes an `AppError` whose message holds no SQL and no value. */
function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStorageError(error);
  }
}

function isDamage(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError &&
    (error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB')
  );
}

function isQuickToCheck(path: string): boolean {
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return sizeOf(path) <= (sizeOf(`${path}-wal`) > 0 ? CHECKED_WITH_LOG_BYTES : CHECKED_BYTES);
}

function check(database: Database.Database): void {
  const found = keepAlive(database.prepare<[], string>('pragma quick_check(1)').pluck()).get();
  if (found !== 'ok') throw new AppError('storage_failed', `The database is damaged: ${found}.`);
}
