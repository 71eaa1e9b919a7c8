import { createServer } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getRequestListener, RequestError } from '@hono/node-server';
import { DashScopeUploads } from './adapters/dashscope/uploads.ts';
import { DashScopeUpstream } from './adapters/dashscope/upstream.ts';
import { MARKER_FILE } from './adapters/data-folder/store-marker.ts';
import { IMAGES_FOLDER } from './adapters/data-folder/store-parts.ts';
import { InProcessFlights } from './adapters/flight/in-process.ts';
import { FsBlobDriver } from './adapters/fs/blob-driver.ts';
import { nativeHasher } from './adapters/hash/native.ts';
import { imageProbe } from './adapters/image-size/image-probe.ts';
import { portableForms } from './adapters/multipart/form-reader.ts';
import { parseAllowRules } from './adapters/node/allow-rules.ts';
import { searchApiKey } from './adapters/node/api-key.ts';
import { readPageAssets } from './adapters/node/page-assets.ts';
import { nodePlatform } from './adapters/node/platform.ts';
import { createProcessMetrics } from './adapters/node/process-metrics.ts';
import { createReferenceFetcher } from './adapters/node/reference-fetcher.ts';
import { answerKnownHits } from './adapters/node/request-memo-listener.ts';
import { listen, stop, watchAnswers } from './adapters/node/server-life.ts';
import { endSilentClients } from './adapters/node/silent-clients.ts';
import { createLogReporter } from './adapters/pino/reporter.ts';
import { sharpThumbnailer } from './adapters/sharp/thumbnailer.ts';
import { systemClock } from './adapters/system/clock.ts';
import { decodingTransport } from './adapters/undici/decoding-transport.ts';
import { createUndiciTransport } from './adapters/undici/transport.ts';
import { type Config, type Environment, parseConfig } from './config.ts';
import { MULTIMODAL } from './core/dashscope/endpoints.ts';
import { AppError } from './core/errors.ts';
import type { CacheEvent } from './core/events.ts';
import { isOfficialSite, siteOf } from './core/site.ts';
import { createApp } from './http/app.ts';
import { dashScopeError } from './http/dashscope/dashscope-errors.ts';
import { openStore } from './node-metadata.ts';
import type { Reporter } from './ports/reporter.ts';
import { createServices, type Services } from './services/create-services.ts';
import { ByteBudget } from './services/limits/byte-budget.ts';
import { governorOptions, InProcessGovernor } from './services/limits/in-process-governor.ts';
import { Slots } from './services/limits/slots.ts';
import { RELAY_SLOTS, Relay } from './services/relay.ts';

/** A running server. */
export interface RunningServer {
  /** `http://host:port`, with the port that was really taken. */
  readonly origin: string;
  readonly services: Services;
  readonly config: Config;
  /** Where the server's own key was found; undefined when it has none. */
  readonly keySource: string | undefined;
  /** The path of an image on this machine, by its digest. */
  blobFile(digest: string): string;
  /** Stops taking requests, gives flights under way their time, and closes everything. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** Called with every event, beside the log. */
  readonly onEvent?: (event: CacheEvent) => void;
  /** Where the user's own files are; the key is looked for there. */
  readonly homeFolder?: string;
}

/** How often counts of uses are written, and the store is brought back within its bounds. */
const COLLECT_MS = 60_000;
/** Pages of the database given back to the disk then: a few milliseconds in which no request is answered. */
const PAGES_GIVEN_BACK = 1_000;
/** How often the ledger is written (a crash loses what came since) and its old hours are folded. */
const LEDGER_MS = 10_000;
const FOLD_MS = 6 * 60 * 60_000;
/** What could not be gone on with is looked at this often. */
const ADOPT_MS = 60_000;
/** Uploads of a gigabyte pass through here; headers have no reason to be slow. */
const REQUEST_TIMEOUT_MS = 60 * 60 * 1000;
const HEADERS_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 32 * 1024;

/** The same folder seen from the sources and from the build. Browsers get these files unchanged. */
const PAGE_ASSETS = fileURLToPath(new URL('../src/browser', import.meta.url));

/** Starts dashcache on Node: SQLite and files in one folder. `config` says what is wrong with the environment. */
export async function startServer(env: Environment, options: StartOptions = {}): Promise<RunningServer> {
  const config = parseConfig(env);
  const listeners = withListener(createLogReporter(config.logLevel), options.onEvent);
  const key = await searchApiKey(env, options.homeFolder ?? homedir());
  const store = await openStore(config.data);
  const { folder, database } = store;
  const transport = createUndiciTransport();
  const decoding = decodingTransport(transport);
  const relayTransport = createUndiciTransport();
  let stopFollowing = () => {};
  try {
    const blobDriver = new FsBlobDriver(join(folder.path, IMAGES_FOLDER), { marker: MARKER_FILE });
    const thumbnailDriver = new FsBlobDriver(join(folder.path, 'thumbnails'));
    const uploadDriver = new FsBlobDriver(join(folder.path, 'references'));
    const upstreamUrl = new URL(config.upstream);
    const loopId = `dashcache-${(await nativeHasher.hmac(folder.secret, 'loop')).slice(0, 16)}`;
    const isOfficial = isOfficialSite(siteOf(upstreamUrl));
    const upstream = {
      origin: upstreamUrl.origin,
      prefix: upstreamUrl.pathname.replace(/\/$/, ''),
      // The vendor is not a dashcache: send it nothing of ours.
      loopHeaders: isOfficial ? [] : ([['cdn-loop', loopId]] as const),
    };
    const images = new DashScopeUpstream(decoding, upstream);
    const services = createServices(
      {
        database,
        isSoleWriter: true,
        blobDriver,
        uploadDriver,
        thumbnails: { driver: thumbnailDriver, thumbnailer: sharpThumbnailer() },
        hasher: nativeHasher,
        probe: imageProbe,
        clock: systemClock,
        reporter: listeners,
        runtime: createProcessMetrics(),
        transport: decoding,
        upstream: images,
        uploadUpstream: new DashScopeUploads(decoding, { ...upstream, newBoundary: systemClock.uuid }),
        fetcher: createReferenceFetcher({
          allow: parseAllowRules(config.referenceAllow),
          maxBytes: config.maxImage,
          budget: new ByteBudget(config.maxInflight),
          openTransport: (address) => createUndiciTransport({ address }),
        }),
        governor: new InProcessGovernor(systemClock, governorOptions(config)),
        flights: new InProcessFlights(),
        healing: new InProcessFlights(),
        proofs: new InProcessFlights(),
        uploading: new InProcessFlights(),
      },
      config,
      {
        serverKey: key.found?.key,
        keyPlaces: `looked in ${key.looked.map(({ place }) => place).join(', ')}`,
        secret: folder.secret,
      },
    );
    const { reporter } = services;
    for (const { place, problem } of key.looked) {
      if (problem !== undefined)
        reporter.report({ type: 'failure', where: `API key in ${place}`, cause: problem });
    }
    await blobDriver.sweepStages();
    await uploadDriver.sweepStages();
    await thumbnailDriver.sweepStages();
    stopFollowing = services.stopFollowing;
    // What a crash left: in the air before the first request is read, which may be for it.
    await services.adopter.adoptAll();

    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    });
    endSilentClients(server);
    const answersEnded = watchAnswers(server);
    let origin = '';
    const local = config.auth === 'local';
    const app = createApp(
      {
        ...services,
        relay: new Relay(
          { transport: relayTransport, slots: new Slots(systemClock, RELAY_SLOTS) },
          { ...upstream, hidesAccount: config.auth === 'token' },
        ),
        clock: systemClock,
        platform: nodePlatform,
        pageAssets: await readPageAssets(PAGE_ASSETS),
        forms: portableForms,
        probe: imageProbe,
        newRequestId: systemClock.uuid,
      },
      {
        local,
        site: config.site,
        // The port is known only when requests may come.
        get publicUrl() {
          return config.publicUrl ?? (local ? undefined : origin);
        },
        addedModels: config.models,
        prices: config.prices,
        maxBody: config.maxBody,
        maxImage: config.maxImage,
        ownTasksOnly: config.auth === 'token',
        passthrough: config.passthrough,
        forwardsTrace: !isOfficial,
        loopId,
      },
    );
    server.on(
      'request',
      answerKnownHits(getRequestListener(app.fetch, { errorHandler: answerMalformed }), {
        path: MULTIMODAL.path,
        hits: services.requestMemo,
        newRequestId: systemClock.uuid,
      }),
    );
    // Last of all: who can connect can be answered.
    origin = await listen(server, config.host, config.port);

    const fold = () => services.ledger.fold().catch(failed(reporter, 'ledger'));
    void fold();
    const timers = [
      every(LEDGER_MS, () => services.ledgerRecorder.flush()),
      every(FOLD_MS, fold),
      every(ADOPT_MS, () => services.adopter.adoptAll().catch(failed(reporter, 'purchases'))),
      every(COLLECT_MS, async () => {
        await services.usage.flush();
        await services.garbageCollector.runOnce().catch(failed(reporter, 'collector'));
        database.giveBackPages(PAGES_GIVEN_BACK);
      }),
      every(COLLECT_MS, () => services.tasks.prune().catch(failed(reporter, 'task collector'))),
      every(COLLECT_MS, () => services.uploadCollector.runOnce().catch(failed(reporter, 'upload collector'))),
    ];
    void services.garbageCollector.sweepOrphans().catch(failed(reporter, 'orphan sweep'));
    void services.searchBackfill.run().catch(failed(reporter, 'search'));
    void services.uploadCollector.sweepOrphans().catch(failed(reporter, 'orphan sweep of uploads'));

    let closing: Promise<void> | undefined;
    const shutDown = async () => {
      for (const timer of timers) clearInterval(timer);
      services.searchBackfill.stop();
      const stopped = stop(server);
      // A flight's answers take a moment longer than the flight.
      const drained = Promise.all([services.images.close(), answersEnded()]);
      const timer = new AbortController();
      const patience = systemClock.sleep(config.drainTimeout, timer.signal).catch(() => undefined);
      await Promise.race([drained, patience]);
      timer.abort();
      stopFollowing();
      server.closeAllConnections();
      await stopped;
      await Promise.all([services.usage.flush(), services.thumbnails.close()]);
      await services.ledgerRecorder.flush();
      // Close the database first: what the transport's end breaks off must stay on record as it is, for the next start.
      database.close();
      await Promise.all([transport.close(), relayTransport.close()]);
      store.close();
    };
    return {
      origin,
      services,
      config,
      keySource: key.found?.source,
      blobFile: (digest) => blobDriver.pathOf(digest),
      close: () => {
        closing ??= shutDown();
        return closing;
      },
    };
  } catch (error) {
    stopFollowing();
    await Promise.all([transport.close(), relayTransport.close()]);
    store.close();
    throw error;
  }
}

function withListener(log: Reporter, listener: ((event: CacheEvent) => void) | undefined): Reporter {
  if (listener === undefined) return log;
  return {
    report: (event) => {
      log.report(event);
      listener(event);
    },
  };
}

/** Answers a request that never reaches a route: Node takes it, but its Host and path make no URL. */
function answerMalformed(error: unknown): Response {
  const malformed = new AppError('invalid_request', 'The Host or the path of the request is malformed.');
  const known = error instanceof RequestError ? malformed : new AppError('internal', 'internal');
  return dashScopeError(known, systemClock.uuid());
}

function every(ms: number, work: () => Promise<void>): NodeJS.Timeout {
  return setInterval(() => void work(), ms).unref();
}

function failed(reporter: Reporter, where: string): (cause: unknown) => void {
  return (cause) => reporter.report({ type: 'failure', where, cause });
}
