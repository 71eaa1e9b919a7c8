import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepAlive } from '../../src/adapters/better-sqlite3/keep-alive.ts';
import { openDatabase } from '../../src/adapters/better-sqlite3/sql-database.ts';
import { sqlDatabaseSuite } from '../conformance/sql-database.ts';

sqlDatabaseSuite('better-sqlite3 in memory', async () => {
  const database = openDatabase(':memory:');
  return { database, close: async () => database.close() };
});

sqlDatabaseSuite('better-sqlite3 on a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dashcache-sql-'));
  const database = openDatabase(join(folder, 'metadata.db'));
  return {
    database,
    close: async () => {
      database.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('a database file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dashcache-sql-'));
    path = join(folder, 'metadata.db');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const pragma = async (database: ReturnType<typeof openDatabase>, name: string) =>
    Object.values((await database.all({ sql: `pragma ${name}`, params: [] }))[0] ?? {})[0];

  it('is its owner’s alone, with all that SQLite puts beside it, in a folder that is open to all', async () => {
    await chmod(folder, 0o755);
    const database = openDatabase(path);
    await database.script('create table words (word text)', {
      sql: 'insert into words values (?)',
      params: ['x'],
    });
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names)
      expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600]);
    database.close();
  });

  it('is durable against power loss, bounded in its journal, and checks foreign keys', async () => {
    const database = openDatabase(path);
    try {
      expect(await pragma(database, 'journal_mode')).toBe('wal');
      expect(await pragma(database, 'synchronous')).toBe(2);
      expect(await pragma(database, 'foreign_keys')).toBe(1);
      expect(await pragma(database, 'busy_timeout')).toBe(5000);
      expect(await pragma(database, 'journal_size_limit')).toBe(64 * 1024 * 1024);
      expect(await pragma(database, 'wal_autocheckpoint')).toBe(1000);
      expect(await pragma(database, 'mmap_size')).toBe(256 * 1024 * 1024);
    } finally {
      database.close();
    }
  });

  it('shows a commit to whoever opens it next', async () => {
    const writer = openDatabase(path);
    await writer.batch([
      { sql: 'create table t (a integer) strict', params: [] },
      { sql: 'insert into t values (?)', params: [1] },
    ]);
    const reader = openDatabase(path);
    try {
      expect(await reader.all({ sql: 'select a from t', params: [] })).toEqual([{ a: 1 }]);
    } finally {
      reader.close();
      writer.close();
    }
  });

  it('tells a full disk from other failures, and leaves nothing half-written', async () => {
    const database = openDatabase(path);
    try {
      await database.batch([{ sql: 'create table t (a text) strict', params: [] }]);
      await database.all({ sql: 'pragma max_page_count = 10', params: [] });
      const insert = { sql: 'insert into t values (?)', params: ['x'.repeat(100_000)] };
      await expect(
        database.batch([{ sql: 'insert into t values (?)', params: ['a'] }, insert]),
      ).rejects.toMatchObject({ code: 'storage_full' });
      expect(await database.all({ sql: 'select count(*) as n from t', params: [] })).toEqual([{ n: 0 }]);
    } finally {
      database.close();
    }
  });

  it('fails when another process holds the write lock for too long, and works when it is free', async () => {
    const database = openDatabase(path, { busyTimeoutMs: 1 });
    const other = keepAlive(new Database(path));
    try {
      other.exec('begin immediate');
      const create = [{ sql: 'create table t (a text) strict', params: [] }];
      await expect(database.batch(create)).rejects.toMatchObject({ code: 'storage_failed' });
      other.exec('commit');
      await database.batch(create);
    } finally {
      other.close();
      database.close();
    }
  });

  it('is refused when it is no database, or its folder is missing', async () => {
    await writeFile(
      path,
      'not a database, whatever its name says, and long enough to be read as one'.repeat(20),
    );
    for (const bad of [path, join(folder, 'missing', 'metadata.db')]) {
      expect(() => openDatabase(bad)).toThrow(expect.objectContaining({ code: 'storage_failed' }));
    }
  });

  it('refuses work once it is closed, and may be closed twice', async () => {
    const database = openDatabase(path);
    database.close();
    database.close();
    await expect(database.all({ sql: 'select 1', params: [] })).rejects.toMatchObject({
      code: 'storage_failed',
    });
    await expect(database.batch([])).rejects.toMatchObject({ code: 'storage_failed' });
  });
});
