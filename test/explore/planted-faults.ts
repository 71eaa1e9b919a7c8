import { NO_DIRECTIVES } from '../../src/core/cache/directives.ts';
import type { BlobDriver, BlobStage } from '../../src/ports/blob-driver.ts';
import type { ImageUpstream, UpstreamAnswer } from '../../src/ports/image-upstream.ts';
import type { SqlDatabase, SqlStatement } from '../../src/ports/sql-database.ts';
import { createServices, type Ports, type Services } from '../../src/services/create-services.ts';
import type { ImageOutcome, ImageRequest } from '../../src/services/image-request.ts';
import type { Assembly } from './world/process.ts';
import type { Invariant } from './world/world.ts';

/** A mistake that somebody could make, and the promise that it breaks. */
export interface PlantedFault {
  readonly name: string;
  /** Any of these may be the first to be seen broken. */
  readonly breaks: readonly Invariant[];
  readonly assemble: Assembly;
}

function fault(name: string, breaks: readonly Invariant[], assemble: Assembly): PlantedFault {
  return { name, breaks, assemble };
}

/** The services over ports of which some are wrong. */
function withPorts(wrong: (ports: Ports) => Partial<Ports>): Assembly {
  return (ports, config, secrets) => createServices({ ...ports, ...wrong(ports) }, config, secrets);
}

/** A database that is given other statements than were meant. */
function rewriting(change: (statements: readonly SqlStatement[]) => readonly SqlStatement[]): Assembly {
  return withPorts(({ database }) => ({
    database: { ...database, batch: (given) => database.batch(change(given)) },
  }));
}

/** A database that reads other rows than there are. */
function misreading(isMisread: (statement: SqlStatement) => boolean): Assembly {
  return withPorts(({ database }) => {
    const all: SqlDatabase['all'] = async (given) => (isMisread(given) ? [] : await database.all(given));
    return { database: { ...database, all } };
  });
}

function withUpstream(change: (upstream: ImageUpstream) => Partial<ImageUpstream>): Assembly {
  return withPorts(({ upstream }) => ({ upstream: { ...upstream, ...change(upstream) } }));
}

function withBlobs(change: (driver: BlobDriver) => Partial<BlobDriver>): Assembly {
  return withPorts(({ blobDriver }) => ({ blobDriver: { ...blobDriver, ...change(blobDriver) } }));
}

/** Services that take every request for another one, or answer it otherwise. */
function generating(
  change: (
    request: ImageRequest,
    generate: (request: ImageRequest) => Promise<ImageOutcome>,
  ) => Promise<ImageOutcome>,
): Assembly {
  return (ports, config, secrets) => {
    const services: Services = createServices(ports, config, secrets);
    const { images } = services;
    const generate = images.generate.bind(images);
    images.generate = (request) => change(request, generate);
    return services;
  };
}

/** Of all requests for one key, the first one's text: what a registry joins that looks at keys alone. */
const firstTexts = new Map<string, string>();

function ofLedger({ sql }: SqlStatement): boolean {
  return sql.includes('insert into ledger');
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  fault(
    'the ledger counts twice',
    ['money'],
    rewriting((given) => [...given, ...given.filter(ofLedger)]),
  ),
  fault(
    'the ledger forgets',
    ['money'],
    rewriting((given) => given.filter((statement) => !ofLedger(statement))),
  ),
  fault(
    'an answer is not put on record',
    ['paid-twice', 'money', 'lost', 'unanswered', 'unreported'],
    rewriting((given) => given.filter(({ params }) => !params.includes('answered'))),
  ),
  fault(
    'what an earlier process left is not taken up',
    ['paid-twice', 'money', 'unanswered', 'unreported'],
    misreading(({ sql }) => /select \* from purchases where state in/.test(sql)),
  ),
  fault(
    'an entry is published before its bytes',
    ['no-bytes', 'lost'],
    withBlobs((driver) => ({
      stage: async (): Promise<BlobStage> => {
        const stage = await driver.stage();
        return {
          write: (chunk) => stage.write(chunk),
          discard: () => stage.discard(),
          commit: async () => undefined,
        };
      },
    })),
  ),
  fault('eviction deletes bytes that an entry shows', ['no-bytes', 'lost'], (ports, config, secrets) => {
    const services = createServices(ports, config, secrets);
    const { garbageCollector } = services;
    const runOnce = garbageCollector.runOnce.bind(garbageCollector);
    garbageCollector.runOnce = async () => {
      for await (const { digest } of ports.blobDriver.list()) await ports.blobDriver.delete(digest);
      return await runOnce();
    };
    return services;
  }),
  fault('a round drops an entry', ['lost'], (ports, config, secrets) => {
    const services = createServices(ports, config, secrets);
    services.usage.flush = async () => {
      await ports.database.batch([
        { sql: 'delete from entries where id = (select max(id) from entries)', params: [] },
      ]);
    };
    return services;
  }),
  fault(
    'an outcome that is not known is sent for again',
    ['unreported', 'paid-twice', 'money'],
    withUpstream((upstream) => ({
      generate: async (call, signal): Promise<UpstreamAnswer> => {
        try {
          const answer = await upstream.generate(call, signal);
          return answer.status >= 500 ? await upstream.generate(call, signal) : answer;
        } catch {
          return await upstream.generate(call, signal);
        }
      },
    })),
  ),
  fault(
    'each request is sent twice',
    ['paid-twice', 'money'],
    withUpstream((upstream) => ({
      generate: async (call, signal) => {
        await upstream.generate(call, signal);
        return await upstream.generate(call, signal);
      },
    })),
  ),
  fault(
    'a cancel is told to have succeeded, and was not asked for',
    ['paid-twice', 'money'],
    withUpstream((upstream) => ({
      cancel: async (id, key, signal) => ({ ...(await upstream.poll(id, key, signal)), status: 200 }),
    })),
  ),
  fault(
    'one UNKNOWN is the end of a job',
    ['paid-twice', 'money', 'lost'],
    withUpstream((upstream) => ({
      poll: async (id, key, signal) => {
        const answer = await upstream.poll(id, key, signal);
        const text = new TextDecoder().decode(answer.body);
        const body = new TextEncoder().encode(text.replace('"UNKNOWN"', '"FAILED"'));
        return { ...answer, body };
      },
    })),
  ),
  fault(
    'an image is taken for that of another recipe with the same key',
    ['wrong-image', 'unanswered', 'paid-twice'],
    generating((request, generate) => {
      const name = `${request.scope} ${request.key}`;
      const canonical = firstTexts.get(name) ?? request.recipe.canonical;
      firstTexts.set(name, canonical);
      return generate({ ...request, recipe: { ...request.recipe, canonical } });
    }),
  ),
  fault(
    'no-cache is ignored',
    ['wrong-image'],
    generating((request, generate) =>
      generate({
        ...request,
        directives: { ...NO_DIRECTIVES, onlyIfCached: request.directives.onlyIfCached },
      }),
    ),
  ),
  fault(
    'one scope reads what another has stored',
    ['wrong-image'],
    generating((request, generate) => generate({ ...request, scope: 'own' })),
  ),
  fault('who joins a flight is forgotten', ['unanswered'], (ports, config, secrets) => {
    const under = new Set<string>();
    return generating(async (request, generate) => {
      if (under.has(request.key)) return await new Promise<never>(() => undefined);
      under.add(request.key);
      try {
        return await generate(request);
      } finally {
        under.delete(request.key);
      }
    })(ports, config, secrets);
  }),
  fault(
    'two images of one answer change places',
    ['wrong-image'],
    withPorts(({ transport }) => ({
      transport: {
        send: (request) =>
          transport.send({
            ...request,
            path: request.path.replace(/[01](?=\.png)/, (index) => String(1 - Number(index))),
          }),
      },
    })),
  ),
];
