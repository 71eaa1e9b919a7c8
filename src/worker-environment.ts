import type { D1Database, Fetcher, R2Bucket } from '@cloudflare/workers-types';
import { type Config, parseConfig } from './config.ts';
import { AppError } from './core/errors.ts';
import type { RecipeAddress } from './ports/flight-coordinator.ts';
import type { GovernorObject } from './ports/governor.ts';
import { SETTINGS } from './settings.ts';

/** The part of a Durable Object binding that is used. */
interface Namespace<T> {
  getByName(name: string): T;
}

/** What wrangler.toml binds, and the settings beside it as texts. */
export interface Bindings {
  readonly DB: D1Database;
  readonly BLOBS: R2Bucket;
  readonly ASSETS: Pick<Fetcher, 'fetch'>;
  readonly FLIGHTS: Namespace<{
    fetch(request: Request): Promise<Response>;
    adopt(recipe: RecipeAddress): Promise<void>;
  }>;
  readonly GOVERNORS: Namespace<GovernorObject>;
  readonly MAINTENANCE: Namespace<{ tend(thoroughly: boolean): Promise<void> }>;
}

export interface WorkerEnvironment {
  readonly bindings: Bindings;
  readonly config: Config;
  /** Keys the fingerprints of credentials. */
  readonly secret: Uint8Array;
  readonly serverKey: string | undefined;
  /** Nobody works on a flight any more that began longer ago than this. Milliseconds. */
  readonly longestFlightMs: number;
}

const BOUND = ['DB', 'BLOBS', 'ASSETS', 'FLIGHTS', 'GOVERNORS', 'MAINTENANCE'] as const;
/** The bound on bodies and images: a Worker has 128 MB for all requests at a time. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MIN_SECRET_CHARS = 32;
/** Time for the parts of a flight that no setting bounds: uploads before it, and the stores. */
const UNBOUNDED_MS = 15 * 60 * 1000;

/** Settings that concern a machine. */
const MEANINGLESS = [SETTINGS.host, SETTINGS.port, SETTINGS.data, SETTINGS.drainTimeout, SETTINGS.memory];

/** The defaults of a Worker. No memory for blobs: it would live for one request. */
const DEFAULTS = {
  // Never `local`: everybody can reach a Worker.
  HOST: '0.0.0.0',
  DASHCACHE_MAX_BODY: '16MiB',
  DASHCACHE_MAX_IMAGE: '16MiB',
  DASHCACHE_MAX_INFLIGHT: '32MiB',
  DASHCACHE_MEMORY: '0',
};

/** Reads a Worker's bindings and settings. Errors: `config`, which names the first that is missing or wrong. */
export function readWorkerEnvironment(env: Readonly<Record<string, unknown>>): WorkerEnvironment {
  const bindings = readBindings(env);
  const texts = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
  const { DASHCACHE_SECRET: secret = '', ...settings } = texts;
  if (secret.length < MIN_SECRET_CHARS) {
    throw new AppError(
      'config',
      `DASHCACHE_SECRET is missing or shorter than ${MIN_SECRET_CHARS} characters: set it with \`wrangler secret put DASHCACHE_SECRET\`, once and for all.`,
    );
  }
  const meaningless = MEANINGLESS.find(({ name }) => settings[name] !== undefined);
  if (meaningless !== undefined)
    throw new AppError('config', `${meaningless.name} means nothing on Cloudflare Workers.`);
  if ((settings.DASHCACHE_PUBLIC_URL ?? '') === '') {
    throw new AppError(
      'config',
      'DASHCACHE_PUBLIC_URL is missing: the address of this Worker, as clients reach it.',
    );
  }
  const config = parseConfig({ ...DEFAULTS, ...settings });
  for (const { name, value } of [
    { name: SETTINGS.maxBody.name, value: config.maxBody },
    { name: SETTINGS.maxImage.name, value: config.maxImage },
  ]) {
    if (value > MAX_BODY_BYTES)
      throw new AppError('config', `${name} is more than 16MiB, which a Worker's memory cannot bear.`);
  }
  const serverKey = settings.DASHSCOPE_API_KEY || undefined;
  if (config.auth === 'token' && serverKey === undefined) {
    throw new AppError(
      'config',
      'DASHSCOPE_API_KEY is missing, which DASHCACHE_AUTH=token pays with: set it with `wrangler secret put DASHSCOPE_API_KEY`.',
    );
  }
  // The first try and the last one, and the retries between them that fail at once.
  const attemptsMs = 2 * (config.queueTimeout + config.generationTimeout) + config.retryBudget;
  return {
    bindings,
    config,
    secret: new TextEncoder().encode(secret),
    serverKey,
    longestFlightMs: attemptsMs + config.downloadTimeout + UNBOUNDED_MS,
  };
}

function readBindings(env: Readonly<Record<string, unknown>>): Bindings {
  if (hasBindings(env)) return env;
  const missing = BOUND.find((name) => !isBound(env[name]));
  throw new AppError('config', `The binding ${missing} is missing: wrangler.toml must name it.`);
}

function hasBindings(env: object): env is Bindings {
  return BOUND.every((name) => isBound(Reflect.get(env, name)));
}

/** The platform knows what a binding can do; a text in its place is a mistake. */
function isBound(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
