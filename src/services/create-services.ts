import type { Config } from '../config.ts';
import { modelLabels } from '../core/models/model-label.ts';
import type { FlightCoordinator } from '../ports/flight-coordinator.ts';
import type { Governor } from '../ports/governor.ts';
import type { ImageUpstream } from '../ports/image-upstream.ts';
import type { ReferenceFetcher } from '../ports/reference-fetcher.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { RuntimeMetrics } from '../ports/runtime-metrics.ts';
import { AdminAccess } from './access/admin-access.ts';
import { AdminSessions } from './access/admin-sessions.ts';
import { CredentialService, type Verdict } from './access/credential-service.ts';
import { CredentialStore } from './access/credential-store.ts';
import { createStores, type StorePorts } from './create-stores.ts';
import { createUploads, type UploadPorts } from './create-uploads.ts';
import { EntryPublisher } from './entries/entry-publisher.ts';
import { RequestMemo } from './entries/request-memo.ts';
import { EntryEditor } from './inventory/entry-editor.ts';
import { EntrySearch } from './inventory/entry-search.ts';
import { Importer } from './inventory/importer.ts';
import { Lineage } from './inventory/lineage.ts';
import { Purger } from './inventory/purger.ts';
import { readStatistics } from './inventory/statistics.ts';
import { Thumbnails } from './inventory/thumbnails.ts';
import { LedgerRecorder } from './ledger/ledger-recorder.ts';
import { LedgerService } from './ledger/ledger-service.ts';
import { LedgerStore } from './ledger/ledger-store.ts';
import { ByteBudget } from './limits/byte-budget.ts';
import { Pacer } from './limits/pacer.ts';
import { GarbageCollector } from './maintenance/garbage-collector.ts';
import { SearchBackfill } from './maintenance/search-backfill.ts';
import { Verifier } from './maintenance/verifier.ts';
import { Health } from './operations/health.ts';
import { Metrics } from './operations/metrics.ts';
import { AnswerJudge } from './purchases/answer-judge.ts';
import { AnswerPublisher } from './purchases/answer-publisher.ts';
import { BypassRecorder } from './purchases/bypass-recorder.ts';
import { FlightRegistry } from './purchases/flight-registry.ts';
import { ImageService } from './purchases/image-service.ts';
import { PurchaseAdopter } from './purchases/purchase-adopter.ts';
import { PurchaseRunner } from './purchases/purchase-runner.ts';
import { PurchaseStore } from './purchases/purchase-store.ts';
import { TaskFollower } from './purchases/task-follower.ts';
import { UpstreamSender } from './purchases/upstream-sender.ts';
import { Explainer } from './requests/explainer.ts';
import { ReferenceResolver } from './requests/reference-resolver.ts';
import { RequestPreparer } from './requests/request-preparer.ts';
import { TaskCompleter } from './tasks/task-completer.ts';
import { TaskService } from './tasks/task-service.ts';
import { TaskStore } from './tasks/task-store.ts';
import { UpstreamTaskList } from './tasks/upstream-task-list.ts';
import { UploadRenewer } from './uploads/upload-renewer.ts';

/** What a runtime brings. Nothing else differs between them. */
export interface Ports extends StorePorts, UploadPorts {
  readonly runtime: RuntimeMetrics;
  readonly upstream: ImageUpstream;
  readonly fetcher: ReferenceFetcher;
  readonly governor: Governor;
  readonly flights: FlightCoordinator<void>;
  readonly proofs: FlightCoordinator<Verdict>;
}

/** The server's own credentials. */
export interface Secrets {
  readonly serverKey: string | undefined;
  /** Where a key was looked for, to say so when there is none. */
  readonly keyPlaces: string;
  /** Keys the fingerprints of credentials. */
  readonly secret: Uint8Array;
}

export type Services = ReturnType<typeof createServices>;

/** The vendor allows one account 20 polls a second, of ours and of its own; some room, since they do not arrive as evenly as they are sent. */
const POLLS_PER_SECOND = 15;

/** Every service, by plain constructor calls. */
export function createServices(ports: Ports, config: Config, secrets: Secrets) {
  const { database, clock, hasher, probe, governor } = ports;
  const onFailure = (where: string) => (cause: unknown) => reporter.report({ type: 'failure', where, cause });
  const modelLabel = modelLabels(config.models);
  const ledgerStore = new LedgerStore(database);
  const ledgerRecorder = new LedgerRecorder(
    { store: ledgerStore, clock, modelLabel, onFailure: onFailure('ledger') },
    config.site,
  );
  const metrics = new Metrics(
    { modelLabel, runtime: ports.runtime, onFailure: onFailure('metrics') },
    {
      flights: () => registry.size,
      waiters: () => registry.waiters,
      queued: () => governor.queued,
      heldBytes: () => bodies.held,
      imagesAtRisk: () => purchases.countAtRisk(clock.now()),
    },
  );
  const reporter = reportToAll([ports.reporter, ledgerRecorder, metrics]);
  const upstream = new UploadRenewer({ upstream: ports.upstream, reporter });
  const bodies = new ByteBudget(config.maxInflight);
  const stores = createStores({ ...ports, reporter, onUsageFailure: onFailure('usage') }, config);
  const { entries, blobs, lock, remover, evictor, downloader, integrity, usage, finder } = stores;
  const purchases = new PurchaseStore(database);
  const publisher = new EntryPublisher({
    entries,
    blobs,
    downloader,
    lock,
    evictor,
    clock,
    reporter,
  });
  const retry = {
    throttledAttempts: config.throttledAttempts,
    failedAttempts: config.failedAttempts,
    budgetMs: config.retryBudget,
  };
  const judge = new AnswerJudge({ prices: config.prices, clock, reporter });
  const sender = new UpstreamSender(
    { upstream, governor, judge, clock, reporter },
    { retry, generationTimeoutMs: config.generationTimeout },
  );
  const pollPacer = new Pacer(clock, POLLS_PER_SECOND);
  const follower = new TaskFollower({ upstream, judge, pacer: pollPacer, clock, reporter });
  const tasks = new TaskStore(database);
  const answerPublisher = new AnswerPublisher({ publisher, tasks, clock, reporter });
  const runner = new PurchaseRunner({ sender, follower, publisher: answerPublisher, entries, clock });
  const registry = new FlightRegistry({ coordinator: ports.flights, runner, upstream, clock });
  const recording = { store: purchases, modelLabel, clock, reporter };
  const images = new ImageService(
    { finder, registry, follower, recording, clock },
    { seedless: config.seedless },
  );
  const credentials = new CredentialService(
    { store: new CredentialStore(database), upstream, hasher, clock, proofs: ports.proofs, reporter },
    { mode: config.auth, scope: config.scope, tokens: config.tokens, ...secrets },
  );
  const adopter = new PurchaseAdopter({
    store: purchases,
    tasks,
    entries,
    registry,
    keys: credentials,
    recording,
    clock,
  });
  const { uploads, uploadCollector } = createUploads(ports, config, retry, secrets.secret);
  const resolver = new ReferenceResolver({ fetcher: ports.fetcher, blobs, uploads, hasher, probe });
  const prepared = new RequestPreparer({ resolver, hasher, addedModels: config.models });
  const entrySearch = new EntrySearch({ database, entries, clock });
  const entryEditor = new EntryEditor({ database, entries, clock });
  return {
    entries,
    integrity,
    purchases,
    adopter,
    bypassed: new BypassRecorder({ judge, registry, recording, clock, reporter }),
    blobs,
    images,
    credentials,
    uploads,
    uploadCollector,
    usage,
    reporter,
    metrics,
    ledgerRecorder,
    ledger: new LedgerService({ store: ledgerStore, recorder: ledgerRecorder, clock }, config.site),
    registry,
    /** Ends all following of jobs, which go on at the vendor's: see `TaskFollower.stop`. */
    stopFollowing: () => follower.stop(),
    pollPacer,
    tasks: new TaskService({
      images,
      tasks,
      completer: new TaskCompleter({ tasks, clock, reporter }),
      registry,
      adopter,
      purchases,
      entries,
      clock,
    }),
    upstreamTasks: new UpstreamTaskList({ upstream, clock }),
    prepared,
    explainer: new Explainer(
      { prepared, finder, entries, clock },
      {
        site: config.site,
        seedless: config.seedless,
        addedModels: config.models,
        prices: config.prices,
      },
    ),
    adminAccess: new AdminAccess(
      { hasher, clock },
      { token: config.adminToken, local: config.auth === 'local', secret: secrets.secret },
    ),
    adminSessions: new AdminSessions(
      { database, hasher, clock },
      { token: config.adminToken, secret: secrets.secret },
    ),
    thumbnails: new Thumbnails({
      entries,
      blobs,
      making: ports.thumbnails,
      lock,
      reporter,
    }),
    requestMemo: new RequestMemo({ finder, clock, reporter }),
    bodies,
    health: new Health({ database, stores: [blobs, ports.uploadDriver], onFailure: onFailure('readiness') }),
    governor,
    entrySearch,
    entryEditor,
    importer: new Importer({ entries, blobs, evictor, lock, hasher, clock }, { maxImage: config.maxImage }),
    lineage: new Lineage(database),
    purger: new Purger({
      database,
      entrySearch,
      remover,
      clock,
      reporter,
    }),
    verifier: new Verifier({ entries, blobs, integrity, reporter }),
    statistics: () => readStatistics(database, entries),
    searchBackfill: new SearchBackfill({ database, clock }),
    garbageCollector: new GarbageCollector(
      { entries, purchases, blobs, evictor, lock, clock, reporter },
      { maxAgeMs: config.maxAge },
    ),
  };
}

/** One reporter that tells several. */
function reportToAll(reporters: readonly Reporter[]): Reporter {
  return {
    report: (event) => {
      for (const reporter of reporters) reporter.report(event);
    },
  };
}
