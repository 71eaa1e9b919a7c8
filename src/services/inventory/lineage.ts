import type { SqlDatabase, SqlRow } from '../../ports/sql-database.ts';
import { integer, text } from '../row.ts';
import { entryDetailStatements } from './entry-detail-statements.ts';
import type { TaggedEntry } from './entry-search.ts';

/** An entry, as far as it takes to find it. */
export interface EntryName {
  readonly id: number;
  readonly key: string;
  readonly site: string;
  readonly scope: string;
  readonly prompt: string;
}

/** A reference picture that an entry was drawn from, and where it came from as far as that is known here. */
export interface ReferenceOrigin {
  readonly position: number;
  readonly field: string;
  readonly digest: string;
  /** Its bytes are stored as a picture of some entry. */
  readonly isKnown: boolean;
  /** The newest entries that show it. */
  readonly drawnBy: readonly EntryName[];
}

/** An entry with what it was drawn from, and what was drawn from it. */
export interface RelatedEntry {
  readonly entry: TaggedEntry;
  readonly references: readonly ReferenceOrigin[];
  /** The newest entries that one of its pictures was a reference of. */
  readonly usedAsReferenceBy: readonly EntryName[];
}

/** As many relatives of one picture are told. */
const RELATIVES = 20;

/** Follows edits: from a picture to those that it was drawn from, and to those that were drawn from it. */
export class Lineage {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** The entries with their relatives. */
  async relate(entries: readonly TaggedEntry[]): Promise<readonly RelatedEntry[]> {
    const ids = entries.map(({ id }) => id);
    const references = await this.#database.all(entryDetailStatements.references(ids));
    const drawnBy = await this.#lookUp(
      references.map((row) => text(row, 'sha256')),
      entryDetailStatements.drawnBy,
    );
    const usedBy = await this.#lookUp(
      entries.flatMap(({ images }) => images.map(({ digest }) => digest)),
      entryDetailStatements.usedBy,
    );
    return entries.map((entry) => ({
      entry,
      references: references
        .filter((row) => row.entry_id === entry.id)
        .map((row) => {
          const digest = text(row, 'sha256');
          return {
            position: integer(row, 'position'),
            field: text(row, 'field'),
            digest,
            isKnown: row.known === 1,
            drawnBy: drawnBy.get(digest) ?? [],
          };
        }),
      usedAsReferenceBy: distinct(entry.images.flatMap(({ digest }) => usedBy.get(digest) ?? [])),
    }));
  }

  async #lookUp(
    digests: readonly string[],
    statement: typeof entryDetailStatements.drawnBy,
  ): Promise<ReadonlyMap<string, readonly EntryName[]>> {
    const found = new Map<string, readonly EntryName[]>();
    for (const digest of new Set(digests)) {
      const rows = await this.#database.all(statement(digest, RELATIVES));
      found.set(digest, rows.map(readName));
    }
    return found;
  }
}

function readName(row: SqlRow): EntryName {
  return {
    id: integer(row, 'id'),
    key: text(row, 'key'),
    site: text(row, 'site'),
    scope: text(row, 'scope'),
    prompt: text(row, 'prompt'),
  };
}

function distinct(names: readonly EntryName[]): readonly EntryName[] {
  return [...new Map(names.map((name) => [name.id, name])).values()];
}
