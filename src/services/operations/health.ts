import type { SqlDatabase } from '../../ports/sql-database.ts';

/** A store that can tell whether it works, by throwing why it does not. */
interface Checked {
  check(): Promise<void>;
}

/** Collaborators of `Health`. */
export interface HealthDeps {
  readonly database: SqlDatabase;
  readonly stores: readonly Checked[];
  readonly onFailure: (cause: unknown) => void;
}

/** Whether the stores that every answer needs can be used right now. */
export class Health {
  readonly #deps: HealthDeps;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
  }

  /** Really asks them all. Which one failed, and why, goes to the log only. */
  async isReady(): Promise<boolean> {
    try {
      if (this.#deps.database.damage !== undefined) throw this.#deps.database.damage;
      // It changes nothing, but needs leave to write.
      await this.#deps.database.batch([{ sql: 'update entries set hits = hits where id = 0', params: [] }]);
      for (const store of this.#deps.stores) await store.check();
      return true;
    } catch (cause) {
      this.#deps.onFailure(cause);
      return false;
    }
  }
}
