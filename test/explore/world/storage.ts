import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import type { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { BlobDriver, BlobStage } from '../../../src/ports/blob-driver.ts';
import type { SqlDatabase, SqlStatement } from '../../../src/ports/sql-database.ts';
import type { Life, Steps } from './steps.ts';

/** What a store does instead of its work: `away` of blobs looks as if nothing were there, as an unmounted folder does. */
export type Trouble = 'full' | 'failing' | 'away';

/** What is told of every change, before the process hears of it. */
export interface StorageWatcher {
  entriesChanged(): void;
  blobWritten(digest: string): void;
  blobDeleted(digest: string): void;
  /** A process could not see it, though it may be there. */
  blobUnseen(digest: string): void;
}

/** Database and blobs, which outlive a process, behind ports that can fail. */
export class Storage {
  readonly #database: BetterSqlite3Database;
  readonly #driver: MemoryBlobDriver;
  readonly #steps: Steps;
  readonly #watcher: StorageWatcher;
  /** How many there have been. */
  troubles = 0;
  #trouble: { readonly of: 'database' | 'blobs'; readonly kind: Trouble; left: number } | undefined;

  constructor(
    database: BetterSqlite3Database,
    driver: MemoryBlobDriver,
    steps: Steps,
    watcher: StorageWatcher,
  ) {
    this.#database = database;
    this.#driver = driver;
    this.#steps = steps;
    this.#watcher = watcher;
  }

  get isHealthy(): boolean {
    return this.#trouble === undefined;
  }

  /** From now on so many calls of one store fail. */
  harm(of: 'database' | 'blobs', kind: Trouble, calls: number): void {
    this.#trouble = { of, kind, left: calls };
    this.troubles += 1;
  }

  heal(): void {
    this.#trouble = undefined;
  }

  databaseOf(life: Life): SqlDatabase {
    const watched = (statements: readonly SqlStatement[]) => {
      if (statements.some(({ sql }) => touchesEntries(sql))) this.#watcher.entriesChanged();
    };
    return {
      all: (statement) =>
        this.#steps.take(life, labelOf(statement), async () => {
          this.#suffer('database', !/^\s*(select|with)\b/.test(statement.sql));
          const rows = await this.#database.all(statement);
          watched([statement]);
          return rows;
        }),
      batch: (statements) =>
        this.#steps.take(life, `batch ${statements.map(labelOf).join('; ')}`, async () => {
          this.#suffer('database', true);
          const results = await this.#database.batch(statements);
          watched(statements);
          return results;
        }),
    };
  }

  driverOf(life: Life): BlobDriver {
    const driver = this.#driver;
    const take = <T>(label: string, writes: boolean, work: () => Promise<T>) =>
      this.#steps.take(life, `blobs.${label}`, async () => {
        this.#suffer('blobs', writes);
        return await work();
      });
    const short = (digest: string) => digest.slice(0, 6);
    const look = <T>(label: string, digest: string, work: () => Promise<T | undefined>) =>
      this.#steps.take(life, `blobs.${label} ${short(digest)}`, async () => {
        if (this.#trouble?.of === 'blobs' && this.#trouble.kind !== 'full') this.#watcher.blobUnseen(digest);
        return this.#suffer('blobs', false) === 'away' ? undefined : await work();
      });
    return {
      stage: () => take('stage', true, async () => this.#stageOf(await driver.stage(), take)),
      read: (digest, range) => look('read', digest, () => driver.read(digest, range)),
      size: (digest) => look('size', digest, () => driver.size(digest)),
      delete: (digest) =>
        take(`delete ${short(digest)}`, true, async () => {
          await driver.delete(digest);
          this.#watcher.blobDeleted(digest);
        }),
      discard: (digest) =>
        take(`discard ${short(digest)}`, true, async () => {
          await driver.discard(digest);
          this.#watcher.blobDeleted(digest);
        }),
      recover: (digest) =>
        take(`recover ${short(digest)}`, true, async () => {
          const isBack = await driver.recover(digest);
          if (isBack) this.#watcher.blobWritten(digest);
          return isBack;
        }),
      pruneDiscarded: (before, maxBytes) => driver.pruneDiscarded(before, maxBytes),
      list: () => driver.list(),
      sweepStages: async () => 0,
      check: () => take('check', true, () => driver.check()),
    };
  }

  #stageOf(
    stage: BlobStage,
    take: <T>(label: string, writes: boolean, work: () => Promise<T>) => Promise<T>,
  ): BlobStage {
    return {
      write: (chunk) => stage.write(chunk),
      commit: (digest, size) =>
        take(`commit ${digest.slice(0, 6)}`, true, async () => {
          await stage.commit(digest, size);
          this.#watcher.blobWritten(digest);
        }),
      discard: () => stage.discard(),
    };
  }

  /** Throws while the store is in trouble; a full one can still be read. */
  #suffer(of: 'database' | 'blobs', writes: boolean): Trouble | undefined {
    const trouble = this.#trouble;
    if (trouble?.of !== of || (trouble.kind === 'full' && !writes)) return undefined;
    trouble.left -= 1;
    if (trouble.left <= 0) this.#trouble = undefined;
    if (trouble.kind === 'away' && of === 'blobs' && !writes) return 'away';
    throw trouble.kind === 'full'
      ? new AppError('storage_full', 'scripted: there is no room')
      : new AppError('storage_failed', 'scripted: the store fails');
  }
}

const touching = new Map<string, boolean>();

function touchesEntries(sql: string): boolean {
  let touches = touching.get(sql);
  if (touches === undefined) {
    touches = /\b(into|from|update)\s+(entries|images)\b/.test(sql) && /insert|delete|update/.test(sql);
    touching.set(sql, touches);
  }
  return touches;
}

const labels = new Map<string, string>();

function labelOf({ sql }: SqlStatement): string {
  let label = labels.get(sql);
  if (label === undefined) {
    label = sql.trim().replace(/\s+/g, ' ').slice(0, 44);
    labels.set(sql, label);
  }
  return label;
}
