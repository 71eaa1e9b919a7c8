import { LRUCache } from 'lru-cache';
import type { BlobRecord } from '../../core/entries/blob.ts';
import type { Entry, ExactRecipe, NewEntry } from '../../core/entries/entry.ts';
import { AppError } from '../../core/errors.ts';
import type { SqlDatabase, SqlResult, SqlStatement } from '../../ports/sql-database.ts';
import { first, integer, optionalInteger, text } from '../row.ts';
import { chunks, memorySize, placeOf } from './entry-memory.ts';
import { readBlob, readEntries } from './entry-rows.ts';
import { type EntryUse, entryStatements, type NearestQuery } from './entry-statements.ts';
import { searchStatements } from './search-statements.ts';
import { totalStatements } from './total-statements.ts';

export interface EntryStoreOptions {
  /** Bytes of memory for the entries used last; default 32 MiB. */
  readonly cacheBytes?: number;
  /** False where others change the rows too, which would not be noticed: then nothing is kept in memory. Default true. */
  readonly isSoleWriter?: boolean;
}

export interface DeletedRows {
  readonly entries: number;
  /** The blobs whose rows went with the entries: their bytes may be deleted now. */
  readonly blobs: readonly { readonly digest: string; readonly size: number }[];
}

export interface EvictionCandidate {
  readonly id: number;
  readonly usedAt: number;
  /** Size of its images; what is freed is less when other entries share them. */
  readonly bytes: number;
}

export interface EvictionFilter {
  /** Only entries last used before this time. */
  readonly olderThan?: number | undefined;
  readonly limit: number;
}

export interface Totals {
  readonly entries: number;
  readonly blobs: number;
  /** Sizes of the distinct blobs. */
  readonly bytes: number;
}

/** How many of a model's latest entries tell how long it takes. */
const ELAPSED_SAMPLE = 25;

const BLOBS_IN_MEMORY = 10_000;

/**
 * The rows of entries, images and blobs. A row is no proof that the bytes are there: that is asked of the blob store.
 *
 * A sole writer keeps the entries and blobs used last in memory, only those that exist.
 */
export class EntryStore {
  readonly #database: SqlDatabase;
  readonly #entries: LRUCache<string, Entry>;
  readonly #blobs = new LRUCache<string, BlobRecord>({ maxSize: BLOBS_IN_MEMORY, sizeCalculation: () => 1 });
  readonly #isSoleWriter: boolean;
  /** Counts the writes, so that a read which began before one does not put the past back into memory. */
  #writes = 0;

  constructor(database: SqlDatabase, options: EntryStoreOptions = {}) {
    this.#database = database;
    this.#isSoleWriter = options.isSoleWriter ?? true;
    this.#entries = new LRUCache({
      maxSize: options.cacheBytes ?? 32 * 1024 * 1024,
      sizeCalculation: memorySize,
    });
  }

  /** The entry of the recipe that was stored last. Its `usedAt` and `hits` may lag behind `touch`. */
  async findNewest(recipe: ExactRecipe): Promise<Entry | undefined> {
    const place = placeOf(recipe);
    const known = this.#entries.get(place);
    if (known?.canonical === recipe.canonical) return known;
    const writes = this.#writes;
    const [entry] = await this.#read(entryStatements.newest(recipe));
    if (entry?.canonical !== recipe.canonical) return undefined;
    if (this.#mayRemember(writes)) this.#entries.set(place, entry);
    return entry;
  }

  /** True while this very entry is what `findNewest` would answer from memory. */
  isNewest(entry: Entry): boolean {
    return this.#entries.peek(placeOf(entry)) === entry;
  }

  /** The entry of the recipe with this number. */
  async findTake(recipe: ExactRecipe, take: number): Promise<Entry | undefined> {
    const [entry] = await this.#read(entryStatements.take(recipe, take));
    return entry?.canonical === recipe.canonical ? entry : undefined;
  }

  /** The entry with this id. */
  async findById(id: number): Promise<Entry | undefined> {
    return (await this.#read(entryStatements.byId(id)))[0];
  }

  /** The entries with these ids, in this order, without those that are gone. */
  async findAll(ids: readonly number[]): Promise<readonly Entry[]> {
    const found = new Map<number, Entry>();
    for (const chunk of chunks(ids)) {
      for (const entry of await this.#read(entryStatements.byIds(chunk))) found.set(entry.id, entry);
    }
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  /** How long a model usually takes to draw, in milliseconds: the median of its latest entries; undefined without any. */
  async usualElapsed(site: string, scope: string, model: string): Promise<number | undefined> {
    const rows = await this.#database.all(entryStatements.elapsed(site, scope, model, ELAPSED_SAMPLE));
    const known = rows.flatMap((row) => optionalInteger(row, 'elapsed_ms') ?? []).sort((a, b) => a - b);
    return known[Math.floor(known.length / 2)];
  }

  /** The numbers of the recipe's stored takes, ascending. */
  async listTakes(recipe: ExactRecipe): Promise<readonly number[]> {
    const rows = await this.#database.all(entryStatements.takes(recipe));
    return rows.map((row) => integer(row, 'take'));
  }

  /** The number of the recipe's entry that was used or stored last. */
  async lastUsedTake(recipe: ExactRecipe): Promise<number | undefined> {
    const [row] = await this.#database.all(entryStatements.lastUsedTake(recipe));
    return row === undefined ? undefined : integer(row, 'take');
  }

  /** Whether another scope of the site has an entry of the recipe. */
  async isElsewhere(recipe: ExactRecipe): Promise<boolean> {
    return (await this.#database.all(entryStatements.otherScope(recipe))).length > 0;
  }

  /**
   * Stores an entry, its images and the blobs' rows, all or nothing, together with the statements `also` (such as the
   * attempt's new state). The bytes must be stored already. Its take is the one asked for unless a valid one holds it.
   *
   * Errors: `constraint`, `storage_full`, `storage_failed`; then nothing is stored.
   */
  async insert(entry: NewEntry, also: readonly SqlStatement[] = []): Promise<Entry> {
    if (entry.images.length === 0) throw new AppError('internal', 'An entry needs an image.');
    try {
      const [, inserted] = await this.#write([
        entryStatements.yieldTake(entry),
        entryStatements.insertEntry(entry),
        totalStatements.addBlobs(entry),
        entryStatements.insertBlobs(entry),
        entryStatements.insertImages(entry),
        entryStatements.insertReferences(entry),
        entryStatements.insertTags(entry),
        searchStatements.indexInserted(entry),
        totalStatements.addEntry(entry),
        ...also,
      ]);
      const row = first(inserted?.rows);
      const { references: _, tags: __, pinned = false, ...known } = entry;
      const id = integer(row, 'id');
      const take = integer(row, 'take');
      return {
        ...known,
        id,
        take,
        usedAt: entry.createdAt,
        hits: 0,
        pinned,
        invalidatedAt: undefined,
      };
    } finally {
      this.#entries.delete(placeOf(entry));
    }
  }

  /** Changes rows of these entries, all or nothing. From then on nothing that was remembered of them is answered. */
  async change(entries: readonly Entry[], statements: readonly SqlStatement[]): Promise<void> {
    try {
      await this.#write(statements);
    } finally {
      for (const entry of entries) this.#entries.delete(placeOf(entry));
    }
  }

  /** Adds hits and times of use; those of entries that are gone are dropped. Entries in memory keep their old values. */
  async touch(uses: readonly EntryUse[]): Promise<void> {
    if (uses.length === 0) return;
    await this.#database.batch(
      [...chunks(uses)].flatMap((chunk) => [entryStatements.touch(chunk), totalStatements.addHits(chunk)]),
    );
  }

  /**
   * Deletes the rows of these entries and of the blobs that no entry shows any more; missing ids are no error. The
   * bytes come after the rows: until they are deleted too they are only garbage, never a hit without bytes.
   */
  async delete(ids: readonly number[]): Promise<DeletedRows> {
    let entries = 0;
    const blobs: { digest: string; size: number }[] = [];
    for (const chunk of chunks(ids)) {
      // An entry's images never change, so this list cannot miss one; whether a blob is still shown is asked below.
      const rows = await this.#database.all(entryStatements.digestsOf(chunk));
      const digests = rows.map((row) => text(row, 'sha256'));
      const [, gone, , freed] = await this.#write([
        totalStatements.subtractEntries(chunk),
        entryStatements.deleteEntries(chunk),
        totalStatements.subtractBlobs(digests),
        entryStatements.deleteUnreferencedBlobs(digests),
        totalStatements.dropEmpty(),
        searchStatements.remove(chunk),
      ]);
      for (const row of gone?.rows ?? []) {
        entries += 1;
        this.#entries.delete(
          placeOf({ site: text(row, 'site'), scope: text(row, 'scope'), key: text(row, 'key') }),
        );
      }
      for (const row of freed?.rows ?? []) {
        const digest = text(row, 'sha256');
        this.#blobs.delete(digest);
        blobs.push({ digest, size: integer(row, 'size') });
      }
    }
    return { entries, blobs };
  }

  /** What the rows know of a blob. */
  async findBlob(digest: string): Promise<BlobRecord | undefined> {
    const known = this.#blobs.get(digest);
    if (known !== undefined) return known;
    const writes = this.#writes;
    const [row] = await this.#database.all(entryStatements.blob(digest));
    if (row === undefined) return undefined;
    const blob = readBlob(row);
    if (this.#mayRemember(writes)) this.#blobs.set(digest, blob);
    return blob;
  }

  /** The next blobs in the order of their digests. */
  async blobsAfter(digest: string, limit: number): Promise<readonly BlobRecord[]> {
    return (await this.#database.all(entryStatements.blobsAfter(digest, limit))).map(readBlob);
  }

  /** Ids of the entries that show a blob, ascending. */
  async entriesOfBlob(digest: string): Promise<readonly number[]> {
    const rows = await this.#database.all(entryStatements.entriesOfBlob(digest));
    return rows.map((row) => integer(row, 'entry_id'));
  }

  /** Entries that are not pinned, least recently used first. */
  async selectForEviction({ olderThan, limit }: EvictionFilter): Promise<readonly EvictionCandidate[]> {
    const usedBefore = olderThan ?? Number.MAX_SAFE_INTEGER;
    const rows = await this.#database.all(entryStatements.evictable(usedBefore, limit));
    return rows.map((row) => ({
      id: integer(row, 'id'),
      usedAt: integer(row, 'used_at'),
      bytes: integer(row, 'bytes'),
    }));
  }

  /** Ids of entries that are not pinned and older than this, oldest first. */
  async selectExpired(createdBefore: number, limit: number): Promise<readonly number[]> {
    const rows = await this.#database.all(entryStatements.expired(createdBefore, limit));
    return rows.map((row) => integer(row, 'id'));
  }

  /** How much there is. */
  async totals(): Promise<Totals> {
    const row = first(await this.#database.all(totalStatements.totals()));
    return {
      entries: integer(row, 'entries'),
      blobs: integer(row, 'blobs'),
      bytes: integer(row, 'bytes'),
    };
  }

  /**
   * Entries to compare a missed request with: among the scope's newest of the model, those with the same prompt first,
   * then by age, newest first.
   */
  async nearest(query: NearestQuery): Promise<readonly Entry[]> {
    return this.#read(entryStatements.nearest(query));
  }

  /** What was read since there had been so many writes. */
  #mayRemember(writes: number): boolean {
    return this.#isSoleWriter && writes === this.#writes;
  }

  async #read(statement: SqlStatement): Promise<Entry[]> {
    return readEntries(await this.#database.all(statement));
  }

  async #write(statements: readonly SqlStatement[]): Promise<readonly SqlResult[]> {
    try {
      return await this.#database.batch(statements);
    } finally {
      this.#writes += 1;
    }
  }
}
