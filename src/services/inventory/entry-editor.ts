import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SqlDatabase, SqlRow, SqlStatement } from '../../ports/sql-database.ts';
import { entryStatements } from '../entries/entry-statements.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import { searchStatements } from '../entries/search-statements.ts';
import { integer, text } from '../row.ts';
import { entryDetailStatements, type KeyAddress } from './entry-detail-statements.ts';

/** Collaborators of `EntryEditor`. */
export interface EntryEditorDeps {
  readonly database: SqlDatabase;
  readonly entries: EntryStore;
  readonly clock: Pick<Clock, 'now'>;
}

/** What people do to the entries of a key. Each returns how many entries it was done to. */
export class EntryEditor {
  readonly #deps: EntryEditorDeps;

  constructor(deps: EntryEditorDeps) {
    this.#deps = deps;
  }

  /** The ids of the entries that are meant, newest first, whosever they are. `not_found` when there are none. */
  async find(address: KeyAddress): Promise<readonly number[]> {
    return (await this.#rowsOf(address)).map((row) => integer(row, 'id'));
  }

  /** The same where one holder is meant: `invalid_request` when several scopes or sites hold the key and none is named. */
  async locate(address: KeyAddress): Promise<readonly number[]> {
    const rows = await this.#rowsOf(address);
    for (const field of ['scope', 'site']) {
      const holders = [...new Set(rows.map((row) => text(row, field)))];
      if (holders.length === 1) continue;
      throw new AppError(
        'invalid_request',
        `Several ${field}s hold this key: name one with ${field}=, as in ${field}=${holders[0]}.`,
        { field },
      );
    }
    return rows.map((row) => integer(row, 'id'));
  }

  /** Pinned entries are never evicted. */
  async pin(address: KeyAddress, pinned: boolean): Promise<number> {
    return await this.#change(address, (ids) => [entryDetailStatements.pin(ids, pinned)]);
  }

  /** Replaces their tags. */
  async tag(address: KeyAddress, tags: readonly string[]): Promise<number> {
    return await this.#change(address, (ids) => [
      entryDetailStatements.clearTags(ids),
      entryDetailStatements.addTags(ids, tags),
    ]);
  }

  /** From now on they answer no request: the next one buys. Their pictures stay. */
  async invalidate(address: KeyAddress): Promise<number> {
    const at = this.#deps.clock.now();
    return await this.#change(address, (ids) => [entryStatements.invalidate(ids, at)]);
  }

  async #rowsOf(address: KeyAddress): Promise<readonly SqlRow[]> {
    const rows = await this.#deps.database.all(entryDetailStatements.ofKey(address));
    if (rows.length === 0) throw new AppError('not_found', 'No such entry is stored.');
    return rows;
  }

  async #change(
    address: KeyAddress,
    statements: (ids: readonly number[]) => readonly SqlStatement[],
  ): Promise<number> {
    const entries = await this.#deps.entries.findAll(await this.locate(address));
    const ids = entries.map(({ id }) => id);
    await this.#deps.entries.change(entries, [...statements(ids), searchStatements.index(entries)]);
    return entries.length;
  }
}
