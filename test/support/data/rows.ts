import { join } from 'node:path';
import Database from 'better-sqlite3';
import { keepAlive } from '../../../src/adapters/better-sqlite3/keep-alive.ts';
import type { Stack } from '../servers/stack.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Rows of a stack's SQLite file, read beside the running server. */
export function readRows(stack: Stack, sql: string): readonly Row[] {
  const database = keepAlive(
    new Database(join(stack.folder, 'data', 'dashcache.sqlite'), { readonly: true }),
  );
  try {
    return keepAlive(database.prepare<[], Row>(sql))
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

/** Changes rows behind the back of a server at rest. */
export function writeRows(stack: Stack, sql: string): void {
  const database = keepAlive(new Database(join(stack.folder, 'data', 'dashcache.sqlite')));
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

/** Every row of every table, by table; but the ledger's, which are written from time to time, whatever was asked since. */
export function readAllRows(stack: Stack): ReadonlyMap<string, readonly Row[]> {
  const tables = readRows(stack, "select name from sqlite_master where type = 'table' and name <> 'ledger'");
  return new Map(
    tables.map(({ name }) => [String(name), readRows(stack, `select * from "${String(name)}"`)]),
  );
}

/** State and upstream's status of every attempt, in the order in which they were made. */
export function readPurchases(stack: Stack): readonly { readonly state: unknown; readonly status: unknown }[] {
  return readRows(stack, 'select state, status from purchases order by rowid').map(({ state, status }) => ({
    state,
    status,
  }));
}

export function countEntries(stack: Stack): number {
  return readRows(stack, 'select id from entries').length;
}
