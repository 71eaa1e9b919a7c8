import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';

export interface EntryRow {
  readonly id: number;
  readonly scope: string;
  readonly canonical: string;
}

/** The few things that are read from the tables themselves: what no service tells. */
export class Tables {
  readonly #database: BetterSqlite3Database;

  constructor(database: BetterSqlite3Database) {
    this.#database = database;
  }

  async entries(): Promise<EntryRow[]> {
    const rows = await this.#rows('select id, scope, canonical from entries');
    return rows.map(({ id, scope, canonical }) => ({
      id: Number(id),
      scope: String(scope),
      canonical: String(canonical),
    }));
  }

  /** Digests of the images of one entry, in order. */
  async digestsOf(entryId: number): Promise<string[]> {
    const rows = await this.#rows(`select sha256 from images where entry_id = ${entryId} order by position`);
    return rows.map(({ sha256 }) => String(sha256));
  }

  async showsBlob(digest: string): Promise<boolean> {
    return (await this.#rows(`select 1 from images where sha256 = '${digest}' limit 1`)).length > 0;
  }

  /** Purchases whose outcome is reported as unknown. */
  async unknownPurchases(): Promise<number> {
    const [row] = await this.#rows(
      `select count(*) as n from ${await this.#purchases()} where state = 'unknown'`,
    );
    return Number(row?.n);
  }

  /** Purchases by state, for who reads a failure. */
  async purchases(): Promise<string[]> {
    const rows = await this.#rows(`select * from ${await this.#purchases()} order by created_at, id`);
    return rows.map((row) => `${row.id} ${row.model} ${row.state} ${row.error ?? ''}`);
  }

  async #purchases(): Promise<string> {
    const [found] = await this.#rows(
      `select name from sqlite_master where type = 'table' and name in ('purchases', 'attempts')`,
    );
    return String(found?.name);
  }

  #rows(sql: string) {
    return this.#database.all({ sql, params: [] });
  }
}
