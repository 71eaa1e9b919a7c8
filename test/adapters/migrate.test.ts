import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, readMigrations } from '../../src/adapters/better-sqlite3/migrate.ts';
import { type BetterSqlite3Database, openDatabase } from '../../src/adapters/better-sqlite3/sql-database.ts';
import { MIGRATIONS } from '../support/data/database.ts';

const one = { name: '0001_one.sql', sql: 'create table one (a text) strict;\ninsert into one values (1);' };
const two = {
  name: '0002_two.sql',
  sql: '-- a comment; with a semicolon\ncreate table two (a text) strict;',
};
const three = { name: '0003_three.sql', sql: 'create table three (a text) strict' };

describe('migrate', () => {
  let database: BetterSqlite3Database;
  beforeEach(() => {
    database = openDatabase(':memory:');
  });
  afterEach(() => database.close());

  const column = async (sql: string) =>
    (await database.all({ sql, params: [] })).map((row) => Object.values(row)[0]);
  const tables = () =>
    column("select name from sqlite_schema where name in ('one', 'two', 'three') order by name");
  const applied = () => column('select name from d1_migrations order by id');
  const refused = (naming: string) => ({ code: 'config', message: expect.stringContaining(naming) });

  it('applies what is missing in order and records it as wrangler does', async () => {
    expect(await migrate(database, [one, two])).toEqual([one.name, two.name]);
    expect(await migrate(database, [one, two, three])).toEqual([three.name]);
    expect(await tables()).toEqual(['one', 'three', 'two']);
    const rows = await database.all({
      sql: 'select id, name, applied_at from d1_migrations order by id',
      params: [],
    });
    expect(rows).toEqual(
      [one, two, three].map(({ name }, index) => ({
        id: index + 1,
        name,
        applied_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      })),
    );
  });

  it('does nothing the second time', async () => {
    await migrate(database, [one, two]);
    expect(await migrate(database, [one, two])).toEqual([]);
    expect(await column('select count(*) from one')).toEqual([1]);
  });

  it('goes on from what wrangler has applied', async () => {
    await database.batch([
      {
        sql: `CREATE TABLE IF NOT EXISTS "d1_migrations"(
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT UNIQUE,
          applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
        )`,
        params: [],
      },
      { sql: 'insert into d1_migrations (name) values (?)', params: [one.name] },
    ]);
    expect(await migrate(database, [one, two])).toEqual([two.name]);
  });

  it('rolls a failing file back whole, keeps those before it, and can be run again', async () => {
    const broken = {
      name: '0002_two.sql',
      sql: `${two.sql}\ninsert into two values (1);\ninsert into nowhere values (1);`,
    };
    await expect(migrate(database, [one, broken, three])).rejects.toMatchObject({
      code: 'storage_failed',
      message: expect.stringContaining(broken.name),
    });
    expect(await tables()).toEqual(['one']);
    expect(await applied()).toEqual([one.name]);
    expect(await migrate(database, [one, two, three])).toEqual([two.name, three.name]);
  });

  it.each([
    ['a gap', [one, three], three.name],
    ['a start after 0001', [two], two.name],
    ['a number twice', [one, { ...two, name: '0001_two.sql' }], '0001_two.sql'],
    ['a file without a number', [one, { ...two, name: 'two.sql' }], 'two.sql'],
    ['files out of order', [two, one], two.name],
  ])('refuses %s and touches nothing', async (_, files, naming) => {
    await expect(migrate(database, files)).rejects.toMatchObject(refused(naming));
    expect(await tables()).toEqual([]);
  });

  it('leaves a database alone that is newer than the program', async () => {
    await migrate(database, [one, two]);
    await expect(migrate(database, [one])).rejects.toMatchObject(refused(`newer than this program`));
    await expect(migrate(database, [one])).rejects.toMatchObject(refused(two.name));
    await expect(migrate(database, [])).rejects.toMatchObject(refused(one.name));
  });

  it('refuses when the file of an applied migration is missing', async () => {
    await migrate(database, [one, two]);
    const renamed = { ...two, name: '0002_renamed.sql' };
    await expect(migrate(database, [one, renamed, three])).rejects.toMatchObject(refused(two.name));
    expect(await tables()).toEqual(['one', 'two']);
  });

  it('refuses when migrations were applied out of order', async () => {
    await migrate(database, []);
    for (const name of [two.name, one.name]) {
      await database.batch([{ sql: 'insert into d1_migrations (name) values (?)', params: [name] }]);
    }
    await expect(migrate(database, [one, two])).rejects.toMatchObject(refused(two.name));
  });
});

describe('readMigrations', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dashcache-migrations-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads the .sql files in order of their names', async () => {
    for (const { name, sql } of [two, one]) await writeFile(join(folder, name), sql);
    await writeFile(join(folder, 'README.md'), 'not one');
    expect(await readMigrations(folder)).toEqual([one, two]);
  });

  it('names the folder that cannot be read', async () => {
    await expect(readMigrations(join(folder, 'missing'))).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('missing'),
    });
  });
});

describe('the migrations of the project', () => {
  it('hold nothing that D1 or wrangler would not take', async () => {
    const files = await readMigrations(MIGRATIONS);
    expect(files.length).toBeGreaterThan(0);
    for (const { sql } of files) {
      // A local D1 takes triggers, but a remote one cuts them at their semicolons unless BEGIN is in capitals.
      expect(sql).not.toMatch(
        /^\s*(pragma|begin|commit|rollback|savepoint|attach|vacuum|create (temp )?trigger)\b/im,
      );
      expect(sql).not.toMatch(/without rowid/i);
      // A semicolon ends a statement and stands nowhere else: not in comments, not in texts.
      for (const line of sql.split('\n')) expect(line.replace(/;$/, '')).not.toContain(';');
    }
  });

  it('name the entry of a purchase that a task still waits for', async () => {
    const database = openDatabase(':memory:');
    const run = (sql: string) => database.all({ sql, params: [] });
    try {
      const files = await readMigrations(MIGRATIONS);
      await migrate(database, files.slice(0, 3));
      const entry = `insert into entries (site, scope, key, take, canonical, model, prompt, answer, created_at, used_at)
        values ('cn', 'alice', 'k', `;
      for (const take of [1, 2, 3]) await run(`${entry}${take}, '', 'm', '', '{}', ${take}, 0)`);
      await run(`insert into attempts (id, site, scope, key, model, state, account, created_at, updated_at)
        values ('a', 'cn', 'alice', 'k', 'm', 'stored', '', 1, 2), ('b', 'cn', 'alice', 'k', 'm', 'stored', '', 1, 2)`);
      await run(`insert into tasks (id, site, scope, key, model, family, state, attempt_id, submitted_at)
        values ('t', 'cn', 'alice', 'k', 'm', 'choices', 'PENDING', 'a', 1)`);
      await migrate(database, files);
      expect(await run('select id, entry_id from purchases order by id')).toEqual([
        { id: 'a', entry_id: 2 },
        { id: 'b', entry_id: null },
      ]);
    } finally {
      database.close();
    }
  });

  it('carry what is open over, in the words of today', async () => {
    const database = openDatabase(':memory:');
    const run = (sql: string) => database.all({ sql, params: [] });
    try {
      const files = await readMigrations(MIGRATIONS);
      await migrate(database, files.slice(0, 7));
      for (const state of ['open', 'submitted', 'answered', 'unknown'])
        await run(`insert into attempts
          (id, site, scope, key, model, state, account, upstream_task, recipe, answer, created_at, updated_at)
          values ('${state}', 'cn', 'alice', 'k', 'm', '${state}', 'a', 'task', '{"take":1}', '{}', 1, 2)`);
      await migrate(database, files);
      const rows = await run(
        'select id, state, upstream_task, identity, answer from purchases order by rowid',
      );
      expect(rows.map(({ id, state }) => [id, state])).toEqual([
        ['open', 'sent'],
        ['submitted', 'accepted'],
        ['answered', 'answered'],
        ['unknown', 'unknown'],
      ]);
      expect(rows[1]).toMatchObject({ upstream_task: 'task', identity: '{"take":1}', answer: '{}' });
    } finally {
      database.close();
    }
  });

  it('make strict tables only', async () => {
    const database = openDatabase(':memory:');
    try {
      await migrate(database, await readMigrations(MIGRATIONS));
      const loose = await database.all({
        sql: `select name from pragma_table_list
          where schema = 'main' and type = 'table' and strict = 0 and name not like 'sqlite_%' and name <> 'd1_migrations'`,
        params: [],
      });
      expect(loose).toEqual([]);
    } finally {
      database.close();
    }
  });
});
