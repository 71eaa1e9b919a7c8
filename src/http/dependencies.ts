import type { PriceOverrides } from '../core/models/list-price.ts';
import type { Clock } from '../ports/clock.ts';
import type { Governor } from '../ports/governor.ts';
import type { ImageProbe } from '../ports/image-probe.ts';
import type { FormReader } from '../ports/multipart.ts';
import type { PageAssets } from '../ports/page-assets.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { AdminAccess } from '../services/access/admin-access.ts';
import type { AdminSessions } from '../services/access/admin-sessions.ts';
import type { CredentialService } from '../services/access/credential-service.ts';
import type { BlobStore } from '../services/blobs/blob-store.ts';
import type { EntryIntegrity } from '../services/entries/entry-integrity.ts';
import type { EntryStore } from '../services/entries/entry-store.ts';
import type { RequestMemo } from '../services/entries/request-memo.ts';
import type { UsageRecorder } from '../services/entries/usage-recorder.ts';
import type { EntryEditor } from '../services/inventory/entry-editor.ts';
import type { EntrySearch } from '../services/inventory/entry-search.ts';
import type { Importer } from '../services/inventory/importer.ts';
import type { Lineage } from '../services/inventory/lineage.ts';
import type { Purger } from '../services/inventory/purger.ts';
import type { Statistics } from '../services/inventory/statistics.ts';
import type { Thumbnails } from '../services/inventory/thumbnails.ts';
import type { LedgerService } from '../services/ledger/ledger-service.ts';
import type { ByteBudget } from '../services/limits/byte-budget.ts';
import type { Pacer } from '../services/limits/pacer.ts';
import type { GarbageCollector } from '../services/maintenance/garbage-collector.ts';
import type { Verifier } from '../services/maintenance/verifier.ts';
import type { Health } from '../services/operations/health.ts';
import type { Metrics } from '../services/operations/metrics.ts';
import type { BypassRecorder } from '../services/purchases/bypass-recorder.ts';
import type { FlightRegistry } from '../services/purchases/flight-registry.ts';
import type { ImageService } from '../services/purchases/image-service.ts';
import type { PurchaseStore } from '../services/purchases/purchase-store.ts';
import type { Relay } from '../services/relay.ts';
import type { Explainer } from '../services/requests/explainer.ts';
import type { RequestPreparer } from '../services/requests/request-preparer.ts';
import type { TaskService } from '../services/tasks/task-service.ts';
import type { UpstreamTaskList } from '../services/tasks/upstream-task-list.ts';
import type { UploadService } from '../services/uploads/upload-service.ts';
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
  readonly upstreamTasks: UpstreamTaskList;
  /** Turns to poll the vendor, by account. */
  readonly pollPacer: Pacer;
  readonly prepared: RequestPreparer;
  readonly credentials: CredentialService;
  readonly adminAccess: AdminAccess;
  readonly adminSessions: AdminSessions;
  readonly thumbnails: Thumbnails;
  readonly pageAssets: PageAssets;
  readonly explainer: Explainer;
  readonly entries: EntryStore;
  readonly purchases: PurchaseStore;
  readonly usage: UsageRecorder;
  readonly integrity: EntryIntegrity;
  readonly importer: Importer;
  readonly entrySearch: EntrySearch;
  readonly lineage: Lineage;
  readonly entryEditor: EntryEditor;
  readonly purger: Purger;
  readonly verifier: Verifier;
  readonly garbageCollector: GarbageCollector;
  readonly registry: FlightRegistry;
  readonly governor: Governor;
  readonly blobs: BlobStore;
  readonly relay: Relay;
  readonly bypassed: BypassRecorder;
  readonly bodies: ByteBudget;
  readonly requestMemo: RequestMemo;
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

/** What the front doors share to identify a caller, prepare a request and draw. */
export type DoorServices = Pick<
  HttpServices,
  'bodies' | 'clock' | 'credentials' | 'images' | 'platform' | 'prepared' | 'reporter' | 'tasks'
>;

export type DashScopeServices = DoorServices &
  Pick<
    HttpServices,
    'bypassed' | 'forms' | 'pollPacer' | 'relay' | 'requestMemo' | 'uploads' | 'upstreamTasks'
  >;

export type GenerateServices = DoorServices &
  Pick<HttpServices, 'entries' | 'forms' | 'newRequestId' | 'probe'>;

export type OpenAiServices = DoorServices & Pick<HttpServices, 'blobs' | 'forms' | 'probe'>;

export type PageServices = Pick<
  HttpServices,
  'adminAccess' | 'adminSessions' | 'bodies' | 'clock' | 'pageAssets' | 'platform' | 'thumbnails'
>;
