import type { SqlDatabase } from '../../ports/sql-database.ts';
import { first, integer, text } from '../row.ts';

const statements = {
  find: 'select proven_at from credentials where fingerprint = ?',
  // Two requests may prove one key at once and finish in any order.
  proven: `insert into credentials (fingerprint, proven_at) values (?, ?)
    on conflict (fingerprint) do update set proven_at = max(proven_at, excluded.proven_at)`,
  nameFolder: 'insert into folder_scope (one, scope) values (1, ?) on conflict (one) do nothing',
  folderScope: 'select scope from folder_scope',
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

  /** The scope of the folder: the one that it was given first. */
  async folderScope(candidate: string): Promise<string> {
    const found = await this.#database.all({ sql: statements.folderScope, params: [] });
    if (found.length > 0) return text(first(found), 'scope');
    await this.#database.batch([{ sql: statements.nameFolder, params: [candidate] }]);
    return text(first(await this.#database.all({ sql: statements.folderScope, params: [] })), 'scope');
  }

  /** Drops the proof of a credential that the vendor refused. */
  async forget(fingerprint: string): Promise<void> {
    await this.#database.batch([{ sql: statements.forget, params: [fingerprint] }]);
  }
}
