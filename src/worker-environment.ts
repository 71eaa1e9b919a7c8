import type { D1Database, Fetcher, R2Bucket } from '@cloudflare/workers-types';
import { type Config, parseConfig } from './config.ts';
import { AppError } from './core/errors.ts';
import { SETTINGS } from './settings.ts';

/** Durable Objects of one class, as much as is used of them. */
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
    resume(attemptId: string): Promise<void>;
  }>;
  readonly MAINTENANCE: Namespace<{ tend(thoroughly: boolean): Promise<void> }>;
}

export interface WorkerEnvironment {
  readonly bindings: Bindings;
  readonly config: Config;
  /** Keys the fingerprints of credentials. */
  readonly secret: Uint8Array;
  readonly serverKey: string | undefined;
  /** A flight that began longer ago than this is in nobody's hands any more. */
  readonly longestFlightMs: number;
}

const BOUND = ['DB', 'BLOBS', 'ASSETS', 'FLIGHTS', 'MAINTENANCE'] as const;
/** A Worker has 128 MB for all requests that it answers at a time. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MIN_SECRET_CHARS = 32;
/** For the parts of a flight that no setting bounds: images that go up before it, and the stores. */
const UNBOUNDED_MS = 15 * 60 * 1000;

/** Settings that speak of a machine. */
const MEANINGLESS = [SETTINGS.host, SETTINGS.port, SETTINGS.data, SETTINGS.drainTimeout, SETTINGS.memory];

/** The bounds of a Worker, unless smaller ones are given. No memory for blobs: it would live for one request. */
const DEFAULTS = {
  // Never `local`: everybody can reach a Worker.
  HOST: '0.0.0.0',
  DASHCACHE_MAX_BODY: '16MiB',
  DASHCACHE_MAX_IMAGE: '16MiB',
  DASHCACHE_MAX_INFLIGHT: '32MiB',
  DASHCACHE_MEMORY: '0',
};

/** Reads what a Worker is given. `config` names the first binding, secret or setting that is missing or wrong. */
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
  // The first attempt and the last, and between them what those may take that fail at once.
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

/** What a binding can do is the platform's to know; a text in its place is a mistake. */
function isBound(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
