import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isAppError } from '../../core/errors.ts';
import type { BetterSqlite3Database } from './sql-database.ts';

export interface Migration {
  /** File name: four digits from 0001 on without gaps, then words, as in `0001_initial.sql`. */
  readonly name: string;
  readonly sql: string;
}

/** The `.sql` files of a folder in the order of their names. Errors: `config` when it cannot be read. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
    return await Promise.all(
      names.map(async (name) => ({ name, sql: await readFile(join(folder, name), 'utf8') })),
    );
  } catch (error) {
    throw new AppError('config', `The migrations in ${folder} cannot be read.`, { cause: error });
  }
}

/**
 * Brings the database to the last of `files` and returns the names applied now. Each file runs in one transaction with
 * the record of its name, in the table that wrangler uses for D1.
 *
 * Errors: `config` when the files have a gap, or do not begin with what was applied before, so that a database newer
 * than the program is left alone; a file that fails keeps the code of its failure and leaves no trace.
 */
export async function migrate(
  database: BetterSqlite3Database,
  files: readonly Migration[],
): Promise<readonly string[]> {
  checkNumbering(files);
  await database.all({
    // wrangler's own definition, as it writes it before applying a migration
    sql: `create table if not exists d1_migrations (
      id integer primary key autoincrement,
      name text unique,
      applied_at timestamp default current_timestamp not null
    )`,
    params: [],
  });
  const rows = await database.all({ sql: 'select name from d1_migrations order by id', params: [] });
  checkApplied(
    files,
    rows.map((row) => String(row.name)),
  );
  const pending = files.slice(rows.length);
  for (const file of pending) await apply(database, file);
  return pending.map((file) => file.name);
}

async function apply(database: BetterSqlite3Database, { name, sql }: Migration): Promise<void> {
  try {
    await database.script(sql, { sql: 'insert into d1_migrations (name) values (?)', params: [name] });
  } catch (error) {
    const code = isAppError(error) ? error.code : 'storage_failed';
    throw new AppError(code, `The migration ${name} failed.`, { cause: error });
  }
}

function checkNumbering(files: readonly Migration[]): void {
  for (const [index, { name }] of files.entries()) {
    const number = /^(\d{4})_\w+\.sql$/.exec(name)?.[1];
    if (number === undefined) {
      throw new AppError('config', `The migration ${name} is not named like 0001_initial.sql.`);
    }
    if (Number(number) !== index + 1) {
      throw new AppError('config', `The migration ${name} stands where number ${index + 1} is expected.`);
    }
  }
}

function checkApplied(files: readonly Migration[], applied: readonly string[]): void {
  const known = new Set(files.map((file) => file.name));
  for (const [index, name] of applied.entries()) {
    if (files[index]?.name === name) continue;
    if (known.has(name)) {
      throw new AppError('config', `The migration ${name} was applied to this database out of order.`);
    }
    if (index >= files.length) {
      throw new AppError('config', `The database is newer than this program: it has the migration ${name}.`);
    }
    throw new AppError(
      'config',
      `The migration ${name} was applied to this database, but its file is missing.`,
    );
  }
}
