import { DurableObject } from 'cloudflare:workers';
import type { ExecutionContext, ScheduledController } from '@cloudflare/workers-types';
import { FlightsElsewhere } from './adapters/flight/elsewhere.ts';
import { FlightsInAlarm } from './adapters/flight/in-alarm.ts';
import { InProcessFlights } from './adapters/flight/in-process.ts';
import { ownerName } from './adapters/flight/owner-name.ts';
import { systemClock } from './adapters/system/clock.ts';
import { repeatable } from './adapters/workers/repeatable-request.ts';
import { AppError, isAppError } from './core/errors.ts';
import type { RecipeAddress } from './ports/flight-coordinator.ts';
import type { GovernorObject, SendOutcome, Turn } from './ports/governor.ts';
import { governorOptions } from './services/limits/in-process-governor.ts';
import type { LaneState } from './services/limits/lane.ts';
import { StoredGovernor } from './services/limits/stored-governor.ts';
import { createWorkerApp, type WorkerApp } from './worker-app.ts';
import { readWorkerEnvironment } from './worker-environment.ts';

type Env = Readonly<Record<string, unknown>>;

/** What has not changed for so long may have lost its owner's attention, and is brought to it again. */
const SLEEP_MS = 60 * 1000;
/** The cron trigger of wrangler.toml that also looks through the whole bucket. */
const DAILY = '17 3 * * *';
/** Where a governor stores what it must remember. */
const LANE = 'lane';

/** Dashcache on Cloudflare Workers. A request is answered where it came in if it is a hit; what must be bought goes to the recipe's owner. */
export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    try {
      const environment = readWorkerEnvironment(env);
      const flights = new FlightsElsewhere<void>();
      const { app } = await createWorkerApp(environment, flights, (work) => context.waitUntil(work));
      const { bindings, config } = environment;
      // Keeps the body, in case the request goes on. What is too large for a recipe passes through or is refused: no copy of it.
      const { request: read, repeat, forget } = repeatable(request, config.maxBody);
      const here = Promise.resolve(app.fetch(read, env));
      const first = await Promise.race([here, flights.departure]);
      if ('owner' in first) {
        try {
          return await bindings.FLIGHTS.getByName(first.owner).fetch(repeat() ?? request);
        } catch (cause) {
          first.fail(lostAtOwner(cause));
          return await here;
        }
      }
      await forget();
      return first;
    } catch (error) {
      return answerMisconfigured(error);
    }
  },

  async scheduled({ cron }: ScheduledController, env: Env): Promise<void> {
    const { bindings } = readWorkerEnvironment(env);
    await bindings.MAINTENANCE.getByName('the only one').tend(cron === DAILY);
  },
};

/** Owns all flights of one recipe, for one scope and site, in the world. */
export class FlightOwner extends DurableObject<Env> {
  readonly #flights = new FlightsInAlarm<void>(
    systemClock,
    () => this.ctx.storage.setAlarm(systemClock.now()),
    (recipe) => this.adopt(recipe),
  );
  #made: Promise<WorkerApp> | undefined;

  override async fetch(request: Request): Promise<Response> {
    const { app } = await this.#make();
    return await app.fetch(request, this.env);
  }

  /** The flights themselves: see `FlightsInAlarm`. */
  override async alarm(): Promise<void> {
    await this.#flights.ring();
    await (await this.#made)?.flush();
  }

  /** Puts into the air what goes on of a recipe, and what an object before this one has left of it. */
  async adopt(recipe: RecipeAddress): Promise<void> {
    const { services } = await this.#make();
    const { longestFlightMs } = readWorkerEnvironment(this.env);
    await services.adopter.adoptRecipe(recipe, systemClock.now() - longestFlightMs);
  }

  #make(): Promise<WorkerApp> {
    this.#made ??= createWorkerApp(readWorkerEnvironment(this.env), this.#flights, (work) =>
      this.ctx.waitUntil(work),
    );
    return this.#made;
  }
}

/** Lets the requests of one account and model go upstream, whichever owners in the world they belong to. */
export class AccountGovernor extends DurableObject<Env> implements GovernorObject {
  readonly #governor = new StoredGovernor(
    {
      clock: systemClock,
      load: () => this.ctx.storage.get<LaneState>(LANE),
      save: async (state) => {
        if (state === undefined) await this.ctx.storage.delete(LANE);
        else await this.ctx.storage.put(LANE, state);
      },
    },
    governorOptions(readWorkerEnvironment(this.env).config),
  );

  acquire(holder: string, model: string, moved: (position: number) => void): Promise<Turn> {
    return this.#governor.acquire(holder, model, moved);
  }

  release(holder: string, model: string, outcome: SendOutcome): Promise<void> {
    return this.#governor.release(holder, model, outcome);
  }
}

/** Keeps the store within its bounds and finishes what was left behind, one round at a time. */
export class Maintenance extends DurableObject<Env> {
  #round: Promise<void> | undefined;

  /** One round. `thoroughly` also lists the whole bucket, and removes what no row names. */
  async tend(thoroughly: boolean): Promise<void> {
    // A thorough round comes once a day: it waits for the round under way and is not skipped.
    if (thoroughly) await this.#round;
    this.#round ??= this.#tend(thoroughly).finally(() => {
      this.#round = undefined;
    });
    await this.#round;
  }

  async #tend(thoroughly: boolean): Promise<void> {
    const environment = readWorkerEnvironment(this.env);
    const { services, drivers, flush } = await createWorkerApp(environment, new InProcessFlights(), (work) =>
      this.ctx.waitUntil(work),
    );
    const { purchases, garbageCollector, uploadCollector } = services;
    const changedBefore = systemClock.now() - SLEEP_MS;
    // What fails is tried again in the next round, and does not stop the rest of this one.
    const attend = async (where: string, work: () => Promise<unknown>) => {
      try {
        await work();
      } catch (cause) {
        services.reporter.report({ type: 'failure', where, cause });
      }
    };
    await attend('purchases', async () => {
      const left = (await purchases.listOpen()).filter(({ updatedAt }) => updatedAt < changedBefore);
      const owners = new Map(left.map((purchase) => [ownerName(purchase), purchase]));
      for (const [name, { site, scope, key }] of owners) {
        const owner = environment.bindings.FLIGHTS.getByName(name);
        await attend('purchases', () => owner.adopt({ site, scope, key }));
      }
    });
    await attend('task collector', () => services.tasks.prune());
    await attend('collector', () => garbageCollector.runOnce());
    await attend('upload collector', () => uploadCollector.runOnce());
    await attend('search', () => services.searchBackfill.run());
    if (thoroughly) {
      await attend('ledger', () => services.ledger.fold());
      for (const driver of drivers) await attend('stages', () => driver.sweepStages());
      await attend('orphan sweep', () => garbageCollector.sweepOrphans());
      await attend('orphan sweep of uploads', () => uploadCollector.sweepOrphans());
    }
    await flush();
  }
}

/** The request is not sent again: it may have been bought. */
function lostAtOwner(cause: unknown): AppError {
  const message = 'The owner of this recipe ended before it answered. Whether it drew is not known.';
  return new AppError('outcome_unknown', message, { cause });
}

/** The answer when there is no app yet: it names what is missing. */
function answerMisconfigured(error: unknown): Response {
  if (!isAppError(error, 'config')) throw error;
  console.error(
    JSON.stringify({ level: 'error', event: 'failure', where: 'configuration', error: error.message }),
  );
  // Whoever sets it up sees it here first. It holds no text of a secret.
  return Response.json({ code: 'Misconfigured', message: error.message }, { status: 500 });
}
