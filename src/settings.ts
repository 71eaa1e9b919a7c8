import { parseBytes, parseDuration } from './core/units.ts';
import {
  httpUrl,
  integer,
  list,
  nonEmpty,
  oneOf,
  perModel,
  prefixes,
  prices,
  ratePerModel,
  secretToken,
  seedless,
  timer,
  tokens,
  upstreamUrl,
} from './setting-parsers.ts';

/** One setting: its environment variable, its values, and its meaning. */
export interface Setting<T> {
  readonly name: string;
  /** The default as a user would write it; undefined when there is none. */
  readonly fallback: string | undefined;
  /** What an absent value means, for the table. */
  readonly absent?: string;
  readonly meaning: string;
  readonly secret?: boolean;
  /** Errors: `config`, with a message that continues after the name: "PORT must be …". */
  readonly parse: (text: string) => T;
}

const setting = <T>(value: Setting<T>): Setting<T> => value;

/** Every setting, in the order of the documentation's table, which a test compares with this one. */
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
    meaning: 'Name of the site whose images these are (`cn`, `intl`, `us`, `hk`, `eu`, `jp`, or your own).',
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
  adminToken: setting({
    name: 'DASHCACHE_ADMIN_TOKEN',
    fallback: undefined,
    meaning: 'Opens `/admin`; 16 characters or more. Not needed in `local` mode, but asked for if it is set.',
    secret: true,
    parse: secretToken,
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
  prices: setting({
    name: 'DASHCACHE_PRICES',
    fallback: '',
    absent: 'the list prices (see Prices)',
    meaning:
      'Comma-separated prices of one image that hold instead of the list prices: `model=0.4 CNY` or, for one site, `model@site=0.03 USD`.',
    parse: prices,
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
    meaning: 'Largest image that is stored, fetched as a reference, or uploaded.',
    parse: parseBytes,
  }),
  maxUploads: setting({
    name: 'DASHCACHE_MAX_UPLOADS',
    fallback: '2GiB',
    meaning: 'Bytes of temporary uploads, which are kept for 48 hours; beyond them uploads are refused.',
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
    meaning:
      'Generations begun per model and account: `N` in any 60 s, `N/s` in any second, or `model=N/s,…,*=N`.',
    parse: ratePerModel,
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
    fallback: undefined,
    absent: 'the generation timeout',
    meaning: 'How long SIGTERM waits for generations that are sent.',
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
