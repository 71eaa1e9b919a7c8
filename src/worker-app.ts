import type { Hono } from 'hono';
import { createConsoleReporter } from './adapters/console/reporter.ts';
import { D1SqlDatabase } from './adapters/d1/sql-database.ts';
import { DashScopeUploads } from './adapters/dashscope/uploads.ts';
import { DashScopeUpstream } from './adapters/dashscope/upstream.ts';
import { parseAllowedHosts } from './adapters/fetch/public-host.ts';
import { createPublicFetcher } from './adapters/fetch/reference-fetcher.ts';
import { fetchTransport } from './adapters/fetch/transport.ts';
import { InProcessFlights } from './adapters/flight/in-process.ts';
import { createPortableHasher } from './adapters/hash/portable.ts';
import xxh128Wasm from './adapters/hash/xxh128.wasm';
import { imageProbe } from './adapters/image-size/image-probe.ts';
import { portableForms } from './adapters/multipart/form-reader.ts';
import { R2BlobDriver } from './adapters/r2/blob-driver.ts';
import { systemClock } from './adapters/system/clock.ts';
import { createBoundAssets } from './adapters/workers/page-assets.ts';
import { workersPlatform } from './adapters/workers/platform.ts';
import { RemoteGovernor } from './adapters/workers/remote-governor.ts';
import { isOfficialSite, siteOf } from './core/site.ts';
import { createApp } from './http/app.ts';
import type { BlobDriver } from './ports/blob-driver.ts';
import type { FlightCoordinator } from './ports/flight-coordinator.ts';
import { createServices, type Services } from './services/create-services.ts';
import { Slots } from './services/limits/slots.ts';
import { RELAY_SLOTS, Relay } from './services/relay.ts';
import type { WorkerEnvironment } from './worker-environment.ts';

/** The same app and services as on Node, on Cloudflare's services. */
export interface WorkerApp {
  readonly app: Hono;
  readonly services: Services;
  /** Blobs, and the files that clients upload. */
  readonly drivers: readonly BlobDriver[];
  /** Writes the counts of work outside of requests; each request writes its own at its end. */
  flush(): Promise<void>;
}

const hasher = createPortableHasher(xxh128Wasm);

/**
 * Composes the app. It must be cheap enough for every request: on this platform one request cannot wait for the work of
 * another, and what a request leaves behind when its client hangs up is not tidied. `waitUntil` keeps
 * the platform from ending what an answer does not wait for.
 */
export async function createWorkerApp(
  { bindings, config, secret, serverKey }: WorkerEnvironment,
  flights: FlightCoordinator<void>,
  waitUntil: (work: Promise<void>) => void,
): Promise<WorkerApp> {
  const upstreamUrl = new URL(config.upstream);
  const loopId = `dashcache-${(await hasher.hmac(secret, 'loop')).slice(0, 16)}`;
  const isOfficial = isOfficialSite(siteOf(upstreamUrl));
  const upstream = {
    origin: upstreamUrl.origin,
    prefix: upstreamUrl.pathname.replace(/\/$/, ''),
    // The vendor is not a dashcache: send it nothing of ours.
    loopHeaders: isOfficial ? [] : ([['cdn-loop', loopId]] as const),
  };
  const blobDriver = new R2BlobDriver(bindings.BLOBS, { prefix: 'blobs/', clock: systemClock });
  const uploadDriver = new R2BlobDriver(bindings.BLOBS, { prefix: 'references/', clock: systemClock });
  const log = createConsoleReporter(config.logLevel);
  const flush = async () => {
    await Promise.all([services.usage.flush(), services.ledgerRecorder.flush()]);
  };
  const services: Services = createServices(
    {
      database: new D1SqlDatabase(bindings.DB),
      // Every isolate writes, and one that lasts and kept entries in memory would give out what was purged elsewhere.
      isSoleWriter: false,
      blobDriver,
      uploadDriver,
      // Shrinking images needs native code, and an unpacked image takes more memory than an isolate can spare.
      thumbnails: undefined,
      hasher,
      probe: imageProbe,
      clock: systemClock,
      reporter: {
        report: (event) => {
          log.report(event);
          // The end of a request, even of a stream: write its counts now, since nobody may come after it.
          if (event.type === 'request') waitUntil(flush());
        },
      },
      // An isolate knows nothing of its process.
      runtime: { families: () => [] },
      transport: fetchTransport,
      upstream: new DashScopeUpstream(fetchTransport, upstream),
      uploadUpstream: new DashScopeUploads(fetchTransport, { ...upstream, newBoundary: systemClock.uuid }),
      fetcher: createPublicFetcher({
        transport: fetchTransport,
        allowed: parseAllowedHosts(config.referenceAllow),
        maxBytes: config.maxImage,
      }),
      governor: new RemoteGovernor({
        objects: bindings.GOVERNORS,
        clock: systemClock,
        waitUntil,
        onFailure: (cause) => log.report({ type: 'failure', where: 'governor', cause }),
      }),
      flights,
      healing: new InProcessFlights(),
      proofs: new InProcessFlights(),
      uploading: new InProcessFlights(),
    },
    config,
    { serverKey, keyPlaces: 'looked in the secret DASHSCOPE_API_KEY', secret },
  );
  const isToken = config.auth === 'token';
  const app = createApp(
    {
      ...services,
      relay: new Relay(
        { transport: fetchTransport, slots: new Slots(systemClock, RELAY_SLOTS) },
        { ...upstream, hidesAccount: isToken },
      ),
      clock: systemClock,
      platform: workersPlatform,
      pageAssets: createBoundAssets(bindings.ASSETS),
      forms: portableForms,
      probe: imageProbe,
      newRequestId: systemClock.uuid,
    },
    {
      local: false,
      site: config.site,
      publicUrl: config.publicUrl,
      addedModels: config.models,
      prices: config.prices,
      maxBody: config.maxBody,
      maxImage: config.maxImage,
      ownTasksOnly: isToken,
      passthrough: config.passthrough,
      forwardsTrace: !isOfficial,
      loopId,
    },
  );
  return { app, services, drivers: [blobDriver, uploadDriver], flush };
}
