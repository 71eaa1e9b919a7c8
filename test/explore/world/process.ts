import { InProcessFlights } from '../../../src/adapters/flight/in-process.ts';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { type Config, parseConfig } from '../../../src/config.ts';
import { AppError } from '../../../src/core/errors.ts';
import {
  createServices,
  type Ports,
  type Secrets,
  type Services,
} from '../../../src/services/create-services.ts';
import { governorOptions, InProcessGovernor } from '../../../src/services/limits/in-process-governor.ts';
import { imageBytes, type KnownRecipe, textImageProbe } from './recipes.ts';
import type { Life } from './steps.ts';
import type { World } from './world.ts';

/** The server's own key: its jobs are gone on with at a start. */
export const OWN_KEY = 'sk-own';

const SECRETS: Secrets = { serverKey: OWN_KEY, keyPlaces: '', secret: new Uint8Array(32) };

/** How the services of a process are made. A planted fault makes them otherwise. */
export type Assembly = (ports: Ports, config: Config, secrets: Secrets) => Services;

const configs = new Map<string, Config>();

function configOf(maxBytes: number | undefined): Config {
  const name = String(maxBytes);
  const known = configs.get(name);
  if (known !== undefined) return known;
  const config = parseConfig({
    DASHCACHE_SITE: 'cn',
    DASHCACHE_PRICES: 'qwen-image-2.0=0.5 CNY,wan2.2-t2i-flash=0.03 CNY',
    ...(maxBytes === undefined ? {} : { DASHCACHE_MAX_BYTES: String(maxBytes) }),
  });
  configs.set(name, config);
  return config;
}

/** One process of dashcache: from its start to its crash. */
export class Process {
  readonly life: Life;
  readonly services: Services;
  /** It takes requests. */
  isUp = false;
  readonly #world: World;

  private constructor(world: World, life: Life, services: Services) {
    this.#world = world;
    this.life = life;
    this.services = services;
  }

  /** Begins to start: `isUp` once it has. One that can't start is over. */
  static start(world: World, number: number, assemble: Assembly = createServices): Process {
    const life: Life = { number, isOver: false, isGone: false };
    const clock = world.time.clockOf(life, world.random);
    const config = configOf(world.maxBytes);
    const process = new Process(
      world,
      life,
      assemble(
        {
          database: world.storage.databaseOf(life),
          isSoleWriter: true,
          blobDriver: world.storage.driverOf(life),
          uploadDriver: new MemoryBlobDriver(clock),
          thumbnails: undefined,
          hasher: nativeHasher,
          probe: textImageProbe,
          clock,
          reporter: {
            report: (event) => {
              if (event.type === 'failure' && !life.isOver)
                world.steps.note(`   failure in ${event.where}: ${event.cause}`);
            },
          },
          runtime: { families: () => [] },
          transport: world.host.portOf(life),
          upstream: world.vendor.portOf(life),
          uploadUpstream: { upload: () => Promise.reject(new Error('nothing is uploaded here')) },
          fetcher: { fetch: () => Promise.reject(new AppError('reference_unavailable', 'no network')) },
          governor: new InProcessGovernor(clock, governorOptions(config)),
          flights: new InProcessFlights(),
          healing: new InProcessFlights(),
          proofs: new InProcessFlights(),
          uploading: new InProcessFlights(),
        },
        config,
        SECRETS,
      ),
    );
    process.#start().then(
      () => {
        process.isUp = !life.isOver;
      },
      () => {
        life.isOver = true;
      },
    );
    return process;
  }

  /** What a server does before it listens. */
  async #start(): Promise<void> {
    await this.services.adopter.adoptAll();
  }

  /** What a server does from time to time. Each part may fail by itself. */
  async round(): Promise<void> {
    const { adopter, tasks, usage, garbageCollector } = this.services;
    await Promise.allSettled([adopter.adoptAll(), tasks.prune(), usage.flush()]);
    await this.#world.removing(this.life, this.#world.maxBytes !== undefined, async () => {
      await garbageCollector.runOnce().catch(() => undefined);
    });
  }

  async purge(scope: string): Promise<void> {
    const { entrySearch, purger } = this.services;
    await this.#world.removing(this.life, true, async () => {
      await purger.purge(await entrySearch.select({ scope }));
    });
  }

  /** Takes in an entry that another store has, with images that this upstream never drew. */
  async import(scope: string, { model, canonical, key, count }: KnownRecipe): Promise<void> {
    const { importer } = this.services;
    const images: { digest: string }[] = [];
    for (let index = 0; index < count; index++) {
      const bytes = imageBytes(canonical, 0, index);
      const hash = nativeHasher.sha256();
      hash.update(bytes);
      const digest = await hash.digest();
      await importer.receive(digest, once(bytes));
      images.push({ digest });
    }
    const content = images.map((_, index) => ({ image: `image:${index}` }));
    const output = { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }] };
    await importer.take({
      ...{ site: 'cn', scope, key, canonical, take: 1, images, references: [], tags: [], pinned: false },
      ...{ upstreamRequestId: 'u', cost: undefined, elapsedMs: undefined, createdAt: this.#world.time.now() },
      answer: JSON.stringify({ output, usage: { image_count: count }, request_id: model }),
    });
  }

  async verify(): Promise<void> {
    await this.services.verifier.run();
  }

  /** What the ledger says was spent: thousandths of a yuan, and generations at an unknown price. */
  async spent(): Promise<{ readonly amount: number; readonly unpriced: number }> {
    const { spent } = await this.services.ledger.money();
    return { amount: Math.round(spent.CNY * 1000), unpriced: spent.unpriced };
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
