import type { SqlDatabase } from '../ports/sql-database.ts';
import type { BlobStore } from './blob-store.ts';

/** Whether the stores that every answer needs can be used right now. */
export class Health {
  readonly #database: SqlDatabase;
  readonly #blobs: BlobStore;
  readonly #onFailure: (cause: unknown) => void;

  constructor(database: SqlDatabase, blobs: BlobStore, onFailure: (cause: unknown) => void) {
    this.#database = database;
    this.#blobs = blobs;
    this.#onFailure = onFailure;
  }

  /** Really asks both. Which one failed, and why, goes to the log only. */
  async isReady(): Promise<boolean> {
    try {
      await this.#database.all({ sql: 'select 1 as one from entries limit 1', params: [] });
      await this.#blobs.check();
      return true;
    } catch (cause) {
      this.#onFailure(cause);
      return false;
    }
  }
}
