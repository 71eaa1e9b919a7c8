import type { Config } from '../config.ts';
import type { BlobDriver } from '../ports/blob-driver.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlightCoordinator } from '../ports/flight-coordinator.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { ImageProbe } from '../ports/image-probe.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { SqlDatabase } from '../ports/sql-database.ts';
import type { StoreLock } from '../ports/store-lock.ts';
import type { Transport } from '../ports/transport.ts';
import { BlobStore } from './blobs/blob-store.ts';
import { Downloader } from './blobs/downloader.ts';
import { InProcessStoreLock } from './blobs/in-process-store-lock.ts';
import { LeasedStoreLock } from './blobs/leased-store-lock.ts';
import { EntryEvictor } from './entries/entry-evictor.ts';
import { EntryFinder } from './entries/entry-finder.ts';
import { EntryIntegrity, type Healing } from './entries/entry-integrity.ts';
import { EntryRemover } from './entries/entry-remover.ts';
import { EntryStore } from './entries/entry-store.ts';
import { UsageRecorder } from './entries/usage-recorder.ts';
import type { ThumbnailMaking } from './inventory/thumbnails.ts';

/** What entries and blobs are made of. */
export interface StorePorts {
  readonly database: SqlDatabase;
  /** Whether nobody but these services changes the rows. */
  readonly isSoleWriter: boolean;
  readonly blobDriver: BlobDriver;
  /** Undefined where none can be made: the images themselves have to do. */
  readonly thumbnails: ThumbnailMaking | undefined;
  readonly hasher: Hasher;
  readonly probe: ImageProbe;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly transport: Transport;
  readonly healing: FlightCoordinator<Healing>;
}

/** Keeps publishing and deleting apart in one store of bytes, among all processes that change its rows. */
export function createStoreLock(
  {
    database,
    isSoleWriter,
    clock,
    reporter,
  }: Pick<StorePorts, 'database' | 'isSoleWriter' | 'clock' | 'reporter'>,
  store: string,
): StoreLock {
  if (isSoleWriter) return new InProcessStoreLock();
  const onFailure = (cause: unknown) => reporter.report({ type: 'failure', where: 'store lock', cause });
  return new LeasedStoreLock({ database, clock, onFailure }, store);
}

/** The stores and what finds, heals and removes in them. */
export function createStores(
  ports: StorePorts & { readonly onUsageFailure: (cause: unknown) => void },
  config: Config,
) {
  const { database, isSoleWriter, hasher, probe, clock, reporter, transport, healing } = ports;
  const entries = new EntryStore(database, { isSoleWriter });
  const blobs = new BlobStore(
    { driver: ports.blobDriver, hasher, probe, clock },
    { memoryBytes: config.memory, derived: ports.thumbnails?.driver },
  );
  const lock = createStoreLock(ports, 'blobs');
  const downloader = new Downloader(
    { transport, blobs, clock },
    { maxBytes: config.maxImage, budgetMs: config.downloadTimeout },
  );
  const integrity = new EntryIntegrity({ entries, blobs, downloader, lock, healing, clock, reporter });
  const usage = new UsageRecorder({ entries, clock, onFailure: ports.onUsageFailure });
  const remover = new EntryRemover({ entries, blobs, lock });
  return {
    entries,
    blobs,
    lock,
    downloader,
    integrity,
    usage,
    finder: new EntryFinder({ entries, integrity, usage, clock, reporter }, config.maxAge),
    remover,
    evictor: new EntryEvictor({ entries, blobs, remover, clock, reporter }, config.maxBytes),
  };
}
