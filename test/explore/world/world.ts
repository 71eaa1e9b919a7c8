import Database from 'better-sqlite3';
import { migrate, readMigrations } from '../../../src/adapters/better-sqlite3/migrate.ts';
import { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { MIGRATIONS } from '../../support/data/database.ts';
import type { Random } from '../random.ts';
import { Bill } from './bill.ts';
import { ImageHost } from './image-host.ts';
import { readImage } from './recipes.ts';
import { type Life, Steps } from './steps.ts';
import { Storage } from './storage.ts';
import { type EntryRow, Tables } from './tables.ts';
import { Time } from './time.ts';
import { Vendor } from './vendor.ts';

/** What must hold, whatever happens. */
export type Invariant =
  | 'paid-twice'
  | 'lost'
  | 'no-bytes'
  | 'money'
  | 'unanswered'
  | 'wrong-image'
  | 'unreported';

/** A promise that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;

  constructor(invariant: Invariant, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

/** One migrated database for all worlds: each world is a transaction that is rolled back. */
export class Ground {
  readonly database: BetterSqlite3Database;
  readonly #raw: Database.Database;

  private constructor(raw: Database.Database) {
    this.#raw = raw;
    this.database = new BetterSqlite3Database(raw);
  }

  static async open(): Promise<Ground> {
    const raw = new Database(':memory:');
    raw.pragma('foreign_keys = on');
    const ground = new Ground(raw);
    await migrate(ground.database, await readMigrations(MIGRATIONS));
    return ground;
  }

  begin(): void {
    this.#raw.exec('begin');
  }

  end(): void {
    this.#raw.exec('rollback');
  }

  close(): void {
    this.#raw.close();
  }
}

/** Everything that outlives a process. */
export class World {
  readonly random: Random;
  readonly maxBytes: number | undefined;
  readonly steps = new Steps();
  readonly time = new Time();
  readonly vendor = new Vendor(this.steps, this.time);
  readonly host = new ImageHost(this.steps, this.vendor);
  readonly tables: Tables;
  readonly storage: Storage;
  /** Blobs that are there. */
  readonly blobs = new Set<string>();
  /** Entries that are there, and those that were removed by whoever may. */
  readonly entries = new Map<number, EntryRow>();
  readonly removed: EntryRow[] = [];
  /** How often a process could not see the bytes of a recipe, though they were there. */
  readonly unseen = new Map<string, number>();
  /** The first promise that was broken. */
  violation: Violation | undefined;
  readonly #driver: MemoryBlobDriver;
  readonly #removals = new Map<Life, number>();
  #changed: Promise<void> = Promise.resolve();

  constructor(ground: Ground, random: Random, maxBytes: number | undefined) {
    this.random = random;
    this.maxBytes = maxBytes;
    this.tables = new Tables(ground.database);
    this.#driver = new MemoryBlobDriver(this.time);
    this.vendor.bill.troubles = () => (this.storage.isHealthy ? this.storage.troubles : Number.NaN);
    this.storage = new Storage(ground.database, this.#driver, this.steps, {
      entriesChanged: () => {
        this.#changed = this.#look();
      },
      blobWritten: (digest) => this.blobs.add(digest),
      blobUnseen: (digest) => {
        this.#changed = this.#noteUnseen(digest);
      },
      blobDeleted: (digest) => {
        this.blobs.delete(digest);
        this.#changed = this.#checkUnshown(digest);
      },
    });
  }

  fail(invariant: Invariant, what: string): void {
    this.violation ??= new Violation(invariant, what);
  }

  /** While `work` goes on, entries may go. */
  async removing(life: Life, mayRemove: boolean, work: () => Promise<void>): Promise<void> {
    this.#removals.set(life, (this.#removals.get(life) ?? 0) + (mayRemove ? 1 : 0));
    try {
      await work();
    } finally {
      this.#removals.set(life, (this.#removals.get(life) ?? 0) - (mayRemove ? 1 : 0));
    }
  }

  /** What lies under a digest, whatever a process sees of it. */
  async bytesOf(digest: string): Promise<Uint8Array | undefined> {
    const body = (await this.#driver.read(digest))?.body;
    return body instanceof Uint8Array ? body : undefined;
  }

  /** Waits for what looks at changes. */
  async looked(): Promise<void> {
    await this.#changed;
  }

  /** Nothing is under way: what has been answered by now is on record, unless a store was in trouble meanwhile. */
  settleMoney(): void {
    const { bill, jobs } = this.vendor;
    const troubles = bill.troubles();
    for (const draw of bill.draws) {
      if (!draw.isDelivered || draw.troubles !== troubles) continue;
      if (draw.money === 'open') draw.money = 'counted';
      draw.isRecoverable = true;
    }
    for (const job of jobs.all) {
      if (!job.isDelivered || job.troubles !== troubles) continue;
      job.isOnRecord = true;
      if (job.draw !== undefined) job.draw.isRecoverable = true;
    }
  }

  /** What a process knew alone is not known any more. */
  crashed(): void {
    const { bill, jobs } = this.vendor;
    jobs.advance();
    for (const job of jobs.all) {
      if (job.isOnRecord || job.state === 'CANCELED' || job.isLost !== false) continue;
      if (!job.isDelivered) jobs.lose(job);
      else {
        job.isLost = 'perhaps';
        if (job.draw !== undefined) Bill.doubt(job.draw);
      }
    }
    for (const draw of bill.draws) {
      if (draw.isRecoverable || (draw.money !== 'open' && draw.money !== 'unpriced')) continue;
      if (draw.isDelivered) Bill.doubt(draw);
      else Bill.lose(draw);
    }
  }

  async #look(): Promise<void> {
    const rows = await this.tables.entries();
    const now = new Map(rows.map((row) => [row.id, row]));
    for (const [id, row] of this.entries) {
      if (now.has(id)) continue;
      this.entries.delete(id);
      // Within a byte budget any entry may have to make room.
      if (
        this.maxBytes === undefined &&
        ![...this.#removals].some(([life, count]) => !life.isGone && count > 0)
      )
        this.fail('lost', `entry ${id} vanished: ${row.scope} ${row.canonical}`);
      this.removed.push(row);
    }
    for (const [id, row] of now) {
      if (this.entries.has(id)) continue;
      this.entries.set(id, row);
      for (const digest of await this.tables.digestsOf(id)) {
        if (!this.blobs.has(digest))
          this.fail('no-bytes', `entry ${id} without its bytes: ${row.scope} ${row.canonical}`);
      }
    }
  }

  async #noteUnseen(digest: string): Promise<void> {
    const bytes = await this.bytesOf(digest);
    const canonical = (bytes && readImage(bytes))?.canonical ?? '';
    this.unseen.set(canonical, (this.unseen.get(canonical) ?? 0) + 1);
  }

  async #checkUnshown(digest: string): Promise<void> {
    if (await this.tables.showsBlob(digest))
      this.fail('no-bytes', `bytes deleted that an entry shows: ${digest}`);
  }
}
