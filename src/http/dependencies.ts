import type { PriceOverrides } from '../core/models/list-price.ts';
import type { Clock } from '../ports/clock.ts';
import type { ImageProbe } from '../ports/image-probe.ts';
import type { FormReader } from '../ports/multipart.ts';
import type { PageAssets } from '../ports/page-assets.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { AdminAccess } from '../services/admin-access.ts';
import type { AdminSessions } from '../services/admin-sessions.ts';
import type { AttemptStore } from '../services/attempt-store.ts';
import type { BlobStore } from '../services/blob-store.ts';
import type { ByteBudget } from '../services/byte-budget.ts';
import type { Collector } from '../services/collector.ts';
import type { CredentialService } from '../services/credential-service.ts';
import type { Curator } from '../services/curator.ts';
import type { EntryStore } from '../services/entry-store.ts';
import type { Explainer } from '../services/explainer.ts';
import type { FlightBoard } from '../services/flight-board.ts';
import type { Governor } from '../services/governor.ts';
import type { Health } from '../services/health.ts';
import type { ImageService } from '../services/image-service.ts';
import type { Importer } from '../services/importer.ts';
import type { Inventory } from '../services/inventory.ts';
import type { KnownHits } from '../services/known-hits.ts';
import type { LedgerService } from '../services/ledger-service.ts';
import type { Lineage } from '../services/lineage.ts';
import type { Metrics } from '../services/metrics.ts';
import type { Pacer } from '../services/pacer.ts';
import type { PreparedRequests } from '../services/prepared-requests.ts';
import type { Purger } from '../services/purger.ts';
import type { Relay } from '../services/relay.ts';
import type { Statistics } from '../services/statistics.ts';
import type { TaskService } from '../services/task-service.ts';
import type { Thumbnails } from '../services/thumbnails.ts';
import type { UploadService } from '../services/upload-service.ts';
import type { UsageRecorder } from '../services/usage-recorder.ts';
import type { VendorTaskList } from '../services/vendor-task-list.ts';
import type { Verifier } from '../services/verifier.ts';
import type { Platform } from './platform.ts';

export interface HttpOptions {
  /** Nobody shows a token: only this machine may call. */
  readonly local: boolean;
  readonly site: string;
  /** Base of blob URLs; undefined in local mode, where it is the request's own checked origin. */
  readonly publicUrl: string | undefined;
  /** Ids of image models beside the official ones. */
  readonly addedModels: ReadonlySet<string>;
  /** Prices that hold instead of the table's. */
  readonly prices: PriceOverrides;
  readonly maxBody: number;
  /** The largest picture that a form may bring, in bytes. */
  readonly maxImage: number;
  /** In token mode the account is the server's: callers are shown only what their own scope submitted. */
  readonly ownTasksOnly: boolean;
  /** Path prefixes that may pass through; undefined means all. */
  readonly passthrough: readonly string[] | undefined;
  /** Upstream is told which trace a request belongs to; the vendor is not. */
  readonly forwardsTrace: boolean;
  /** How this server knows its own requests again. */
  readonly loopId: string;
}

export interface HttpServices {
  readonly images: ImageService;
  readonly tasks: TaskService;
  readonly vendorTasks: VendorTaskList;
  /** Turns to poll the vendor, by account. */
  readonly pollPacer: Pacer;
  readonly prepared: PreparedRequests;
  readonly credentials: CredentialService;
  readonly adminAccess: AdminAccess;
  readonly adminSessions: AdminSessions;
  readonly thumbnails: Thumbnails;
  readonly pageAssets: PageAssets;
  readonly explainer: Explainer;
  readonly entries: EntryStore;
  readonly attempts: AttemptStore;
  readonly usage: UsageRecorder;
  readonly importer: Importer;
  readonly inventory: Inventory;
  readonly lineage: Lineage;
  readonly curator: Curator;
  readonly purger: Purger;
  readonly verifier: Verifier;
  readonly collector: Collector;
  readonly board: FlightBoard;
  readonly governor: Governor;
  readonly blobs: BlobStore;
  readonly relay: Relay;
  readonly bodies: ByteBudget;
  readonly knownHits: KnownHits;
  readonly health: Health;
  readonly ledger: LedgerService;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly uploads: UploadService;
  readonly forms: FormReader;
  readonly probe: ImageProbe;
  readonly platform: Platform;
  readonly reporter: Reporter;
  statistics(): Promise<Statistics>;
  newRequestId(): string;
}
