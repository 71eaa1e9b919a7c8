import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { Miniflare, type ModuleDefinition, type SharedOptions, type WorkerOptions } from 'miniflare';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { type RunningSimulator, startSimulator } from '../../../src/simulator/server.ts';
import { findClosedPort } from './http-server.ts';
import { ServedSimulator } from './stack.ts';
import { type BundledFile, bundleWorker } from './worker-bundle.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** The admin page's files as wrangler.toml has them. */
const ASSETS = {
  directory: fileURLToPath(new URL('../../../src/browser', import.meta.url)),
  binding: 'ASSETS',
  routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
  assetConfig: { html_handling: 'none' },
} as const;

let bundle: readonly BundledFile[] | undefined;

/** Durable Objects as wrangler.toml has them. */
const DURABLE_OBJECTS = {
  FLIGHTS: { className: 'FlightOwner', useSQLite: true },
  GOVERNORS: { className: 'AccountGovernor', useSQLite: true },
  MAINTENANCE: { className: 'Maintenance', useSQLite: true },
};

type WorkerTexts = Readonly<Record<string, string>>;

/** Owners that end whatever they are asked. */
const BROKEN_HOMES = {
  name: 'broken',
  modules: true,
  script: `import { DurableObject } from 'cloudflare:workers';
    export class Broken extends DurableObject { fetch() { throw new Error('the object is gone'); } }
    export default {};`,
} as const;

type WhatIsBound = Partial<{ d1: boolean; r2: boolean; assets: boolean }>;

/** Starts the bundle in workerd with D1, R2 and Durable Objects in memory, and nothing but these texts bound beside them. */
export async function startWorker(
  port: number,
  env: WorkerTexts,
  bound: WhatIsBound = {},
): Promise<Miniflare> {
  const worker = new Miniflare(workerOptions(port, env, bound));
  await worker.ready;
  return worker;
}

function workerOptions(
  port: number,
  env: WorkerTexts,
  bound: WhatIsBound = {},
): SharedOptions & WorkerOptions {
  bundle ??= bundleWorker();
  const modules = bundle.map(({ path, bytes }): ModuleDefinition => {
    const type = path.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule';
    return { type, path: join('/', path), contents: type === 'ESModule' ? bytes.toString() : bytes };
  });
  return {
    port,
    host: '127.0.0.1',
    // The entry first; the platform's own date, as in wrangler.toml.
    modules: modules.sort((a, b) => Number(b.path === '/worker.js') - Number(a.path === '/worker.js')),
    modulesRoot: '/',
    compatibilityDate: '2026-04-01',
    bindings: { ...env },
    ...(bound.d1 === false ? {} : { d1Databases: { DB: 'dashcache' } }),
    ...(bound.r2 === false ? {} : { r2Buckets: { BLOBS: 'dashcache' } }),
    ...(bound.assets === false ? {} : { assets: ASSETS }),
    durableObjects: DURABLE_OBJECTS,
    cf: false,
  };
}

/** Applies the files that wrangler applies. */
export async function migrateWorker(worker: Miniflare): Promise<void> {
  const database = await worker.getD1Database('DB');
  for (const { queries } of await readD1Migrations(MIGRATIONS))
    for (const query of queries) await database.prepare(query).run();
}

/** A simulator and the Worker in front of it. */
export class WorkerStack extends ServedSimulator {
  override readonly simulator: RunningSimulator;
  override readonly origin: string;
  readonly worker: Miniflare;
  readonly #options: SharedOptions & WorkerOptions;

  private constructor(
    simulator: RunningSimulator,
    worker: Miniflare,
    origin: string,
    options: SharedOptions & WorkerOptions,
  ) {
    super();
    this.simulator = simulator;
    this.worker = worker;
    this.origin = origin;
    this.#options = options;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<WorkerStack> {
    const simulator = await startSimulator({ latencyMs: 0, clock: systemClock });
    const port = await findClosedPort();
    const origin = `http://127.0.0.1:${port}`;
    const texts = {
      DASHCACHE_PUBLIC_URL: origin,
      DASHCACHE_SECRET: 'the secret of a test, of 32 characters',
      DASHCACHE_UPSTREAM: simulator.origin,
      DASHCACHE_SITE: 'simulator',
      DASHCACHE_LOG_LEVEL: 'warn',
      ...env,
    };
    const worker = await startWorker(port, texts);
    await migrateWorker(worker);
    return new WorkerStack(simulator, worker, origin, workerOptions(port, texts));
  }

  /** One round of the caretaker, as the cron trigger begins it. */
  async tend(cron: '*/5 * * * *' | '17 3 * * *' = '*/5 * * * *'): Promise<void> {
    const worker = await this.worker.getWorker();
    await worker.scheduled({ cron });
  }

  /** The whole of workerd ends; then cron comes, later than the caretaker waits for homes to wake by themselves. */
  override async startAnew(): Promise<void> {
    await this.restart();
    await this.run("update purchases set updated_at = updated_at - 120000 where state = 'accepted'");
    await this.tend();
  }

  /** The whole of workerd ends and begins again: nothing is left but what is stored. */
  async restart(): Promise<void> {
    await this.worker.setOptions(this.#options);
  }

  /** From now on no owner answers. */
  async breakOwners(): Promise<void> {
    const { port, host, cf, ...options } = this.#options;
    const FLIGHTS = { className: 'Broken', scriptName: BROKEN_HOMES.name, useSQLite: true };
    const main = { ...options, name: 'dashcache', durableObjects: { ...DURABLE_OBJECTS, FLIGHTS } };
    await this.worker.setOptions({ port, host, cf, workers: [main, BROKEN_HOMES] });
  }

  override async loseBytes(url: string): Promise<void> {
    const [, digest = ''] = /\/blobs\/([0-9a-f]{64})/.exec(url) ?? [];
    const bucket = await this.worker.getR2Bucket('BLOBS');
    await bucket.delete(`blobs/${digest}`);
  }

  /** Runs a statement behind the Worker's back. */
  async run(sql: string): Promise<void> {
    const database = await this.worker.getD1Database('DB');
    await database.prepare(sql).run();
  }

  override async close(): Promise<void> {
    await this.worker.dispose();
    await this.simulator.close();
  }
}
