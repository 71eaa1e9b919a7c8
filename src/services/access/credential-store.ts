import type { SqlDatabase } from '../../ports/sql-database.ts';
import { integer } from '../row.ts';

const statements = {
  find: 'select proven_at from credentials where fingerprint = ?',
  // Two requests may prove one key at once and finish in any order.
  proven: `insert into credentials (fingerprint, proven_at) values (?, ?)
    on conflict (fingerprint) do update set proven_at = max(proven_at, excluded.proven_at)`,
  forget: 'delete from credentials where fingerprint = ?',
} as const;

/** When the vendor last accepted a credential, by its keyed fingerprint. The credential itself is never here. */
export class CredentialStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** The time of the last proof; undefined when there is none. */
  async find(fingerprint: string): Promise<number | undefined> {
    const [row] = await this.#database.all({ sql: statements.find, params: [fingerprint] });
    return row === undefined ? undefined : integer(row, 'proven_at');
  }

  /** Remembers a proof, unless a later one is known. */
  async proven(fingerprint: string, at: number): Promise<void> {
    await this.#database.batch([{ sql: statements.proven, params: [fingerprint, at] }]);
  }

  /** Drops the proof of a credential that the vendor refused. */
  async forget(fingerprint: string): Promise<void> {
    await this.#database.batch([{ sql: statements.forget, params: [fingerprint] }]);
  }
}
