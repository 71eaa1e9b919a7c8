import type { SqlDatabase } from '../../ports/sql-database.ts';

/** A store that can tell whether it works, by throwing why it does not. */
interface Checked {
  check(): Promise<void>;
}

/** Whether the stores that every answer needs can be used right now. */
export class Health {
  readonly #database: SqlDatabase;
  readonly #stores: readonly Checked[];
  readonly #onFailure: (cause: unknown) => void;

  constructor(database: SqlDatabase, stores: readonly Checked[], onFailure: (cause: unknown) => void) {
    this.#database = database;
    this.#stores = stores;
    this.#onFailure = onFailure;
  }

  /** Really asks them all. Which one failed, and why, goes to the log only. */
  async isReady(): Promise<boolean> {
    try {
      // It changes nothing, but needs leave to write.
      await this.#database.batch([{ sql: 'update entries set hits = hits where id = 0', params: [] }]);
      for (const store of this.#stores) await store.check();
      return true;
    } catch (cause) {
      this.#onFailure(cause);
      return false;
    }
  }
}
