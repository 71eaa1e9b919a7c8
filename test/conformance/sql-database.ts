import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAppError } from '../../src/core/errors.ts';
import type { SqlDatabase, SqlValue } from '../../src/ports/sql-database.ts';

export interface OpenedDatabase {
  readonly database: SqlDatabase;
  close(): Promise<void>;
}

const SCHEMA = [
  'create table parents (id integer primary key autoincrement, name text unique, amount real) strict',
  `create table children (
    parent_id integer not null references parents (id) on delete cascade,
    position integer not null check (position >= 0),
    primary key (parent_id, position)
  ) strict`,
];

/** What every `SqlDatabase` does. `open` gives an empty one. */
export function sqlDatabaseSuite(name: string, open: () => Promise<OpenedDatabase>): void {
  describe(name, () => {
    let opened: OpenedDatabase;
    let database: SqlDatabase;

    beforeEach(async () => {
      opened = await open();
      database = opened.database;
      await database.batch(SCHEMA.map((sql) => ({ sql, params: [] })));
    });
    afterEach(() => opened.close());

    const add = (parent: string) => ({ sql: 'insert into parents (name) values (?)', params: [parent] });
    const names = async () =>
      (await database.all({ sql: 'select name from parents order by id', params: [] })).map(
        (row) => row.name,
      );

    it('gives rows in the order asked, each with its columns by name', async () => {
      await database.batch([add('a'), add('b'), add('c')]);
      expect(
        await database.all({ sql: 'select id, name from parents order by id desc', params: [] }),
      ).toEqual([
        { id: 3, name: 'c' },
        { id: 2, name: 'b' },
        { id: 1, name: 'a' },
      ]);
    });

    it('gives no rows for a statement that returns none', async () => {
      expect(await database.all(add('a'))).toEqual([]);
      expect(await names()).toEqual(['a']);
    });

    it('answers a batch statement by statement, in order', async () => {
      const results = await database.batch([
        add('a'),
        { sql: 'insert into parents (name) values (?), (?) returning id', params: ['b', 'c'] },
        { sql: 'select name from parents order by id', params: [] },
        { sql: 'update parents set amount = ? where id > ?', params: [1.5, 1] },
        { sql: 'delete from parents where name = ?', params: ['nobody'] },
      ]);
      expect(results.map((result) => result.changes)).toEqual([1, 2, 0, 2, 0]);
      expect(results.map((result) => result.rows)).toEqual([
        [],
        [{ id: 2 }, { id: 3 }],
        [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
        [],
        [],
      ]);
    });

    it('takes an empty batch', async () => {
      expect(await database.batch([])).toEqual([]);
    });

    it('tells by the returned rows who won a conflict', async () => {
      const claim = {
        sql: 'insert into parents (name) values (?) on conflict (name) do nothing returning id',
        params: ['a'],
      };
      const [first, second] = await database.batch([claim, claim]);
      expect(first).toEqual({ rows: [{ id: 1 }], changes: 1 });
      expect(second).toEqual({ rows: [], changes: 0 });
    });

    it('does nothing of a batch in which a constraint fails, and says so by the code alone', async () => {
      await database.batch([add('before')]);
      const failing = [
        [add('a secret'), add('a secret')],
        [add('new'), { sql: 'insert into children values (?, ?)', params: [99, 0] }],
        [add('new'), { sql: 'insert into children values (?, ?)', params: [1, -1] }],
        [add('new'), { sql: 'insert into children values (?, ?)', params: [1, 'not a number'] }],
      ];
      for (const statements of failing) {
        const error: unknown = await database.batch(statements).catch((reason: unknown) => reason);
        expect(isAppError(error, 'constraint')).toBe(true);
        expect(String(error)).not.toMatch(/secret|insert|parents|children/i);
        expect(await names()).toEqual(['before']);
      }
    });

    it('does nothing of a batch in which a statement makes no sense', async () => {
      const nonsense = { sql: 'select * from nowhere', params: [] };
      await expect(database.batch([add('a'), nonsense])).rejects.toMatchObject({ code: 'storage_failed' });
      await expect(database.all(nonsense)).rejects.toMatchObject({ code: 'storage_failed' });
      expect(await names()).toEqual([]);
    });

    it('deletes the rows that hang on a deleted one', async () => {
      await database.batch([
        add('a'),
        { sql: 'insert into children values (?, ?), (?, ?)', params: [1, 0, 1, 1] },
        { sql: 'delete from parents where id = ?', params: [1] },
      ]);
      expect(await database.all({ sql: 'select * from children', params: [] })).toEqual([]);
    });

    it('never uses an id twice', async () => {
      await database.batch([add('a'), { sql: 'delete from parents', params: [] }, add('b')]);
      expect(await database.all({ sql: 'select id from parents', params: [] })).toEqual([{ id: 2 }]);
    });

    it('gives back every text and number as it came', async () => {
      const texts = [
        '',
        ' a ',
        '猫🐈‍⬛',
        'e\u0301 is not \u00e9',
        'a\u0000b',
        "'; drop table parents; --",
        'x'.repeat(300_000),
      ];
      const numbers = [
        0,
        -1,
        0.1,
        1e-300,
        Number.MAX_SAFE_INTEGER,
        Number.MIN_SAFE_INTEGER,
        Number.MAX_VALUE,
      ];
      for (const value of [...texts, ...numbers, null]) {
        expect(await database.all({ sql: 'select ? as value', params: [value] })).toEqual([{ value }]);
      }
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), async (value) => {
          const row = { sql: 'insert into parents (name) values (?) returning name', params: [value] };
          const [, result] = await database.batch([{ sql: 'delete from parents', params: [] }, row]);
          expect(result?.rows).toEqual([{ name: value }]);
        }),
        { numRuns: 50 },
      );
    });

    it('keeps whole numbers whole in integer columns, and numbers in real ones', async () => {
      const [result] = await database.batch([
        {
          sql: 'insert into parents (id, amount) values (?, ?) returning typeof(id) as id, typeof(amount) as amount',
          params: [Number.MAX_SAFE_INTEGER, 3],
        },
      ]);
      expect(result?.rows).toEqual([{ id: 'integer', amount: 'real' }]);
    });

    it.each<[string, unknown]>([
      ['undefined', undefined],
      ['a boolean', true],
      ['a bigint', 1n],
      ['bytes', new Uint8Array(1)],
      ['an object', {}],
      ['NaN', Number.NaN],
      ['infinity', Number.POSITIVE_INFINITY],
    ])('refuses %s, which drivers take differently', async (_, value) => {
      // What reads JSON can get such a value past the compiler; this stands for it.
      const params: SqlValue[] = [];
      Reflect.set(params, 0, value);
      const statement = { sql: 'insert into parents (name) values (?)', params };
      await expect(database.batch([add('a'), statement])).rejects.toMatchObject({ code: 'storage_failed' });
      await expect(database.all(statement)).rejects.toMatchObject({ code: 'storage_failed' });
      expect(await names()).toEqual([]);
    });

    it('takes 100 parameters and refuses 101', async () => {
      const sum = (count: number) => ({
        sql: `select ${Array.from({ length: count }, () => '?').join(' + ')} as sum`,
        params: Array.from({ length: count }, () => 1),
      });
      expect(await database.all(sum(100))).toEqual([{ sum: 100 }]);
      await expect(database.all(sum(101))).rejects.toMatchObject({ code: 'storage_failed' });
    });

    it('refuses too few and too many parameters', async () => {
      for (const params of [[], ['a', 'b']]) {
        await expect(database.all({ sql: 'select ? as value', params })).rejects.toMatchObject({
          code: 'storage_failed',
        });
      }
    });

    it('runs batches that meet one after the other', async () => {
      const read = { sql: 'select count(*) as n from parents', params: [] };
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          database.batch([read, add(`${index}`), add(`${index}b`), read]),
        ),
      );
      const counts = results.map((result) => [result[0]?.rows[0]?.n, result[3]?.rows[0]?.n]);
      expect(counts.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual(
        Array.from({ length: 20 }, (_, index) => [2 * index, 2 * index + 2]),
      );
    });

    it('understands the SQL that the stores rely on', async () => {
      const rows = await database.all({
        sql: `with wanted (n) as (values (?)) select value ->> 'a' as a, n, iif(n is null, 'none', 'some') as word
          from json_each(?), wanted order by json_each.key desc`,
        params: [null, JSON.stringify([{ a: 1 }, { a: '🐈' }, {}])],
      });
      expect(rows).toEqual([
        { a: null, n: null, word: 'none' },
        { a: '🐈', n: null, word: 'none' },
        { a: 1, n: null, word: 'none' },
      ]);
    });
  });
}
