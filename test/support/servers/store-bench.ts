import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { InProcessFlights } from '../../../src/adapters/flight/in-process.ts';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { readAnswer } from '../../../src/core/dashscope/answer.ts';
import type { Entry } from '../../../src/core/entries/entry.ts';
import type { BlobDriver } from '../../../src/ports/blob-driver.ts';
import type { SqlDatabase } from '../../../src/ports/sql-database.ts';
import type { StoreLock } from '../../../src/ports/store-lock.ts';
import { BlobStore } from '../../../src/services/blobs/blob-store.ts';
import { Downloader } from '../../../src/services/blobs/downloader.ts';
import { InProcessStoreLock } from '../../../src/services/blobs/in-process-store-lock.ts';
import { EntryEvictor } from '../../../src/services/entries/entry-evictor.ts';
import { EntryIntegrity } from '../../../src/services/entries/entry-integrity.ts';
import { EntryPublisher, type PaidAnswer } from '../../../src/services/entries/entry-publisher.ts';
import { EntryRemover } from '../../../src/services/entries/entry-remover.ts';
import { EntryStore } from '../../../src/services/entries/entry-store.ts';
import { GarbageCollector } from '../../../src/services/maintenance/garbage-collector.ts';
import { type EntryIdentity, newPurchase } from '../../../src/services/purchases/purchase.ts';
import { PurchaseRecord } from '../../../src/services/purchases/purchase-record.ts';
import { PurchaseStore } from '../../../src/services/purchases/purchase-store.ts';
import { openMigrated } from '../data/database.ts';
import { drawn } from '../fakes/fake-upstream.ts';
import { Faults } from '../fakes/faulty.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { RecordingReporter } from '../fakes/recording-reporter.ts';
import { response, ScriptedTransport } from '../fakes/scripted-transport.ts';

/** The machine that outlives a process: its database, its blobs, the time, and the hosts that pictures come from. */
export class Machine {
  readonly database: BetterSqlite3Database;
  readonly clock = new ManualClock();
  readonly driver = new MemoryBlobDriver(this.clock);
  /** What URLs answer that show nothing. */
  missing = 404;
  /** What result URLs show. */
  readonly pictures = new Map<string, Uint8Array>();
  readonly transport = new ScriptedTransport(({ origin, path }) => {
    const bytes = this.pictures.get(origin + path);
    return bytes === undefined ? response(this.missing, 'gone') : response(200, bytes);
  });

  private constructor(database: BetterSqlite3Database) {
    this.database = database;
  }

  static async open(): Promise<Machine> {
    return new Machine(await openMigrated());
  }

  close(): void {
    this.database.close();
  }

  /** Digests of all blobs. */
  async digests(): Promise<string[]> {
    const digests: string[] = [];
    for await (const { digest } of this.driver.list()) digests.push(digest);
    return digests;
  }

  async rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return await this.database.all({ sql, params: [] });
  }

  /** What a process that starts now sees; its calls go through `faults`. */
  start(faults = new Faults(), lock: StoreLock = new InProcessStoreLock()): StoreBench {
    return new StoreBench(this, faults, lock);
  }
}

/** The services around the store, as one process has them. */
export class StoreBench {
  readonly faults: Faults;
  readonly database: SqlDatabase;
  readonly driver: BlobDriver;
  /** Of the blobs, under their digests. */
  readonly thumbnails: MemoryBlobDriver;
  readonly reporter = new RecordingReporter();
  readonly entries: EntryStore;
  readonly purchases: PurchaseStore;
  readonly blobs: BlobStore;
  readonly lock: StoreLock;
  readonly downloader: Downloader;
  readonly integrity: EntryIntegrity;
  readonly publisher: EntryPublisher;
  readonly #machine: Machine;

  constructor(machine: Machine, faults: Faults, lock: StoreLock) {
    const { clock } = machine;
    this.#machine = machine;
    this.faults = faults;
    this.database = faults.watch('database', machine.database);
    this.driver = watchDriver(faults, machine.driver);
    this.entries = new EntryStore(this.database, { isSoleWriter: lock instanceof InProcessStoreLock });
    this.purchases = new PurchaseStore(this.database);
    this.thumbnails = new MemoryBlobDriver(clock);
    this.lock = lock;
    this.blobs = new BlobStore(
      { driver: this.driver, hasher: nativeHasher, probe: imageProbe, clock },
      {
        memoryBytes: 0,
        derived: this.thumbnails,
      },
    );
    const transport = faults.watch('transport', machine.transport);
    this.downloader = new Downloader(
      { transport, blobs: this.blobs, clock },
      { maxBytes: 1e6, budgetMs: 30_000 },
    );
    this.publisher = this.publisherWithin(undefined);
    this.integrity = new EntryIntegrity({
      ...this.#stores(),
      downloader: this.downloader,
      healing: new InProcessFlights(),
    });
  }

  garbageCollector({ maxBytes, maxAgeMs }: { maxBytes?: number; maxAgeMs?: number } = {}): GarbageCollector {
    return new GarbageCollector({ ...this.#stores(), evictor: this.evictor(maxBytes) }, { maxAgeMs });
  }

  publisherWithin(maxBytes: number | undefined): EntryPublisher {
    return new EntryPublisher({
      ...this.#stores(),
      downloader: this.downloader,
      evictor: this.evictor(maxBytes),
    });
  }

  evictor(maxBytes: number | undefined): EntryEvictor {
    return new EntryEvictor({ ...this.#stores(), remover: new EntryRemover(this) }, maxBytes);
  }

  /** A purchase that is sent: on record, and nothing more. */
  async sent(name: string): Promise<PurchaseRecord> {
    const { clock } = this.#machine;
    const { reporter, purchases: store } = this;
    const identity = identityOf(name);
    const { site, scope, key, model } = identity;
    const record = PurchaseRecord.begin(
      { store, modelLabel: (label) => label, clock, reporter },
      newPurchase({
        ...{ id: name, site, scope, key, model, identity },
        account: 'account',
        createdAt: clock.now(),
      }),
    );
    await record.advanceOrThrow('sent');
    return record;
  }

  /** Records a purchase and its answer with these pictures, which are to be had at its URLs, and keeps them. */
  async keep(name: string, ...pictures: readonly Uint8Array[]): Promise<Entry> {
    const entry = await this.publisher.keep(await this.answered(name, ...pictures));
    if (entry === undefined) throw new Error('somebody else has stored it');
    return entry;
  }

  /** As `keep`, without the last step. */
  async answered(name: string, ...pictures: readonly Uint8Array[]): Promise<PaidAnswer> {
    const imageUrls = pictures.map((bytes, index) => {
      const url = `https://results.example/${name}-${index}.png`;
      this.#machine.pictures.set(url, bytes);
      return url;
    });
    const record = await this.sent(name);
    const text = JSON.stringify(drawn(...imageUrls));
    const cost = { amount: 0.5 * pictures.length, currency: 'CNY' } as const;
    const spent = { images: pictures.length, cost, at: this.#machine.clock.now() };
    await record.advanceOrThrow('answered', { answer: text, elapsedMs: 5, spent });
    const read = readAnswer(new TextEncoder().encode(text));
    if (read.kind !== 'assets') throw new Error(read.kind);
    return {
      record,
      identity: identityOf(name),
      assets: read.assets,
      cost,
      template: read.template,
      usage: read.usage,
      upstreamRequestId: read.requestId,
      elapsedMs: 5,
    };
  }

  #stores() {
    const { entries, purchases, blobs, lock, reporter } = this;
    return { entries, purchases, blobs, lock, reporter, clock: this.#machine.clock };
  }
}

export function identityOf(name: string): EntryIdentity {
  return {
    site: 'cn',
    scope: 'alice',
    key: `k1:${name}`,
    canonical: JSON.stringify({ model: 'qwen-image-max', prompt: name }),
    model: 'qwen-image-max',
    prompt: name,
    take: undefined,
    references: [],
  };
}

/** A driver whose stages are watched too. */
export function watchDriver(faults: Faults, driver: BlobDriver): BlobDriver {
  const { list } = driver;
  const watched = faults.watch('driver', driver, (result) =>
    typeof result === 'object' && result !== null && 'commit' in result
      ? faults.watch('stage', result)
      : result,
  );
  return new Proxy(watched, {
    // The one method that is no promise.
    get: (object, property) => (property === 'list' ? list.bind(driver) : Reflect.get(object, property)),
  });
}
