import { AppError } from './core/errors.ts';
import { parseBytes, parseDuration } from './core/quantities.ts';
import type { SeedlessPolicy } from './core/seedless.ts';

/** One setting: an environment variable, what it may hold, and what it means. */
export interface Setting<T> {
  readonly name: string;
  /** As it would be written; undefined when the setting has no value unless given. */
  readonly fallback: string | undefined;
  /** Says in the table what an absent value means. */
  readonly absent?: string;
  readonly meaning: string;
  readonly secret?: boolean;
  /** Throws `AppError` `config`, whose message goes on after the name: "PORT must be …". */
  readonly parse: (text: string) => T;
}

const setting = <T>(value: Setting<T>): Setting<T> => value;

/** Every setting, in the order of the README's table, which a test compares with this one. */
export const SETTINGS = {
  host: setting({ name: 'HOST', fallback: '127.0.0.1', meaning: 'Address to listen on.', parse: nonEmpty }),
  port: setting({
    name: 'PORT',
    fallback: '8787',
    meaning: 'Port to listen on; 0 takes a free one.',
    parse: integer(0, 65_535),
  }),
  data: setting({
    name: 'DASHCACHE_DATA',
    fallback: './data',
    meaning: 'Folder of metadata and blobs.',
    parse: nonEmpty,
  }),
  upstream: setting({
    name: 'DASHCACHE_UPSTREAM',
    fallback: 'https://dashscope.aliyuncs.com',
    meaning: 'DashScope, another dashcache, or the simulator; with or without `/api/v1`.',
    parse: upstreamUrl,
  }),
  site: setting({
    name: 'DASHCACHE_SITE',
    fallback: undefined,
    absent: "from the upstream's host",
    meaning: 'Name of the site whose pictures these are (`cn`, `intl`, `us`, `hk`, `eu`, `jp`, or your own).',
    parse: nonEmpty,
  }),
  auth: setting({
    name: 'DASHCACHE_AUTH',
    fallback: undefined,
    absent: '`local` on loopback, else `passthrough`',
    meaning:
      "`local`: this machine only, no token. `passthrough`: the client's own DashScope key. `token`: one of `DASHCACHE_TOKENS`.",
    parse: oneOf('local', 'passthrough', 'token'),
  }),
  tokens: setting({
    name: 'DASHCACHE_TOKENS',
    fallback: '',
    meaning: 'Comma-separated `name:token` pairs for `token` mode.',
    secret: true,
    parse: tokens,
  }),
  passthrough: setting({
    name: 'DASHCACHE_PASSTHROUGH',
    fallback: undefined,
    absent: 'all, in `token` mode none',
    meaning: 'Comma-separated path prefixes that may pass through to upstream; `all` or `none`.',
    parse: prefixes,
  }),
  scope: setting({
    name: 'DASHCACHE_SCOPE',
    fallback: 'client',
    meaning: "`client`: each credential has entries of its own. `shared`: everybody hits everybody's.",
    parse: oneOf('client', 'shared'),
  }),
  publicUrl: setting({
    name: 'DASHCACHE_PUBLIC_URL',
    fallback: undefined,
    absent: "`local` mode: the request's own origin; else `http://HOST:PORT`",
    meaning: 'Base of the blob URLs. Required when HOST is a wildcard.',
    parse: httpUrl,
  }),
  seedless: setting({
    name: 'DASHCACHE_SEEDLESS',
    fallback: 'reuse',
    meaning:
      'What a request without a seed gets: `reuse` (the newest stored), `fresh` (always bought), `takes:N` (the stored takes in turn).',
    parse: seedless,
  }),
  models: setting({
    name: 'DASHCACHE_MODELS',
    fallback: '',
    meaning: 'Comma-separated ids of further image models to cache.',
    parse: (text) => new Set(list(text)),
  }),
  maxBytes: setting({
    name: 'DASHCACHE_MAX_BYTES',
    fallback: undefined,
    absent: 'unlimited',
    meaning: 'Bytes of blobs to keep; beyond them the least recently used entries go.',
    parse: parseBytes,
  }),
  maxAge: setting({
    name: 'DASHCACHE_MAX_AGE',
    fallback: undefined,
    absent: 'unlimited',
    meaning: 'Age at which entries go.',
    parse: parseDuration,
  }),
  maxBody: setting({
    name: 'DASHCACHE_MAX_BODY',
    fallback: '64MiB',
    meaning: 'Largest request body that is read.',
    parse: parseBytes,
  }),
  maxInflight: setting({
    name: 'DASHCACHE_MAX_INFLIGHT',
    fallback: '256MiB',
    meaning: 'Bytes of request bodies held at once; beyond them 429.',
    parse: parseBytes,
  }),
  maxImage: setting({
    name: 'DASHCACHE_MAX_IMAGE',
    fallback: '32MiB',
    meaning: 'Largest picture that is stored, or fetched as a reference.',
    parse: parseBytes,
  }),
  referenceAllow: setting({
    name: 'DASHCACHE_REFERENCE_ALLOW',
    fallback: '',
    meaning:
      'Comma-separated `host` or `host:port` (names, addresses, CIDR) that references may be fetched from although private.',
    parse: (text) => text,
  }),
  concurrency: setting({
    name: 'DASHCACHE_CONCURRENCY',
    fallback: '16',
    meaning:
      'Generations under way at once, per model and account: `N`, or `model=N,…,*=N`. Halved by a 429, then raised again.',
    parse: perModel,
  }),
  rate: setting({
    name: 'DASHCACHE_RATE',
    fallback: undefined,
    absent: 'unlimited',
    meaning: 'Generations begun in any 60 s, per model and account: `N`, or `model=N,…,*=N`.',
    parse: perModel,
  }),
  maxQueue: setting({
    name: 'DASHCACHE_MAX_QUEUE',
    fallback: '10000',
    meaning: 'Misses that may wait for their turn.',
    parse: integer(0, 1_000_000),
  }),
  queueTimeout: setting({
    name: 'DASHCACHE_QUEUE_TIMEOUT',
    fallback: '120s',
    meaning: 'How long a miss may wait for its turn.',
    parse: timer,
  }),
  throttledAttempts: setting({
    name: 'DASHCACHE_ATTEMPTS_429',
    fallback: '4',
    meaning: 'Attempts in all when upstream answers 429.',
    parse: integer(1, 20),
  }),
  failedAttempts: setting({
    name: 'DASHCACHE_ATTEMPTS_5XX',
    fallback: '3',
    meaning: 'Attempts in all when upstream answers 5xx (never after 504) or cannot be reached.',
    parse: integer(1, 20),
  }),
  retryBudget: setting({
    name: 'DASHCACHE_RETRY_BUDGET',
    fallback: '30s',
    meaning: 'Time for further attempts after the first answer.',
    parse: timer,
  }),
  generationTimeout: setting({
    name: 'DASHCACHE_GENERATION_TIMEOUT',
    fallback: '300s',
    meaning: 'How long upstream may take to draw.',
    parse: timer,
  }),
  downloadTimeout: setting({
    name: 'DASHCACHE_DOWNLOAD_TIMEOUT',
    fallback: '30s',
    meaning: 'How long the download of a result may take, retries included.',
    parse: timer,
  }),
  drainTimeout: setting({
    name: 'DASHCACHE_DRAIN_TIMEOUT',
    fallback: '10s',
    meaning: 'How long SIGTERM waits for generations under way.',
    parse: timer,
  }),
  memory: setting({
    name: 'DASHCACHE_MEMORY',
    fallback: '64MiB',
    meaning: 'Memory for hot blobs.',
    parse: parseBytes,
  }),
  logLevel: setting({
    name: 'DASHCACHE_LOG_LEVEL',
    fallback: 'info',
    meaning: 'Least serious log lines to print.',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
  }),
};

/** A limit per model, with one for all others. */
export type PerModel = (model: string) => number;

function fail(message: string): never {
  throw new AppError('config', message);
}

function nonEmpty(text: string): string {
  return text === '' ? fail('must not be empty') : text;
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : fail(`must be a whole number from ${least} to ${most}`);
  };
}

/** A time that something is waited for. Timers take no more than 2^31-1 ms, and would fire at once. */
function timer(text: string): number {
  const ms = parseDuration(text);
  return ms <= 2 ** 31 - 1 ? ms : fail('must be 24 days or less');
}

function oneOf<T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => choices.find((choice) => choice === text) ?? fail(`must be one of ${choices.join(', ')}`);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return fail('must be an http(s) URL');
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    return fail('must be a plain URL without query or credentials');
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

/** Without `/api/v1` at its end: the paths bring it along. */
function upstreamUrl(text: string): string {
  return httpUrl(text).replace(/\/api\/v1$/, '');
}

function tokens(text: string): ReadonlyMap<string, string> {
  const nameOf = new Map<string, string>();
  for (const [index, pair] of list(text).entries()) {
    const [, name, token] = /^([A-Za-z0-9._-]+):(\S+)$/.exec(pair) ?? [];
    // Never the pair itself: it may hold a secret.
    if (name === undefined || token === undefined)
      return fail(`must be name:token pairs; pair ${index + 1} is not`);
    if (token.length < 16)
      return fail(`must hold tokens of 16 characters or more; the one of ${name} is shorter`);
    if (nameOf.has(token)) return fail(`must hold a token only once; the one of ${name} is there twice`);
    nameOf.set(token, name);
  }
  return nameOf;
}

function prefixes(text: string): readonly string[] | 'all' {
  if (text === 'all') return 'all';
  if (text === 'none') return [];
  return list(text).map((prefix) =>
    prefix.startsWith('/') ? prefix : fail(`must be paths that begin with /; ${prefix} does not`),
  );
}

function seedless(text: string): SeedlessPolicy {
  if (text === 'reuse' || text === 'fresh') return text;
  const takes = Number(/^takes:(\d{1,4})$/.exec(text)?.[1]);
  return takes >= 1 && takes <= 1000
    ? { takes }
    : fail('must be reuse, fresh or takes:N with N from 1 to 1000');
}

function perModel(text: string): PerModel {
  const limits = new Map<string, number>();
  for (const item of list(text)) {
    const [, model = '*', limit] = /^(?:([^=\s]+)=)?(\d{1,6})$/.exec(item) ?? [];
    if (limit === undefined || Number(limit) < 1) return fail('must be N or model=N,…, each 1 or more');
    limits.set(model, Number(limit));
  }
  const others = limits.get('*') ?? fail('must say what holds for all other models: *=N');
  return (model) => limits.get(model) ?? others;
}
