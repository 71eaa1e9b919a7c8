import { AppError, isAppError } from './core/errors.ts';
import { isImageModel } from './core/models/models.ts';
import { siteOf } from './core/site.ts';
import { SETTINGS, type Setting } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every setting's value, checked against the others. Times in milliseconds, sizes in bytes. */
export type Config = ReturnType<typeof parseConfig>;

/** Reads the settings. `config` names the variable at fault, unknown `DASHCACHE_*` names included. */
export function parseConfig(env: Environment) {
  refuseUnknown(env);
  const read = <T>(setting: Setting<T>): T | undefined => readSetting(setting, env);
  const need = <T>(setting: Setting<T>): T => {
    const value = readSetting(setting, env);
    if (value === undefined) throw new AppError('config', `${setting.name} is missing.`);
    return value;
  };
  const host = need(SETTINGS.host);
  const port = need(SETTINGS.port);
  const upstream = need(SETTINGS.upstream);
  const auth = read(SETTINGS.auth) ?? (isLoopback(host) ? 'local' : 'passthrough');
  const tokens = need(SETTINGS.tokens);
  const passthrough = read(SETTINGS.passthrough) ?? (auth === 'token' ? [] : 'all');
  const generationTimeout = need(SETTINGS.generationTimeout);
  const config = {
    host,
    port,
    data: need(SETTINGS.data),
    upstream,
    site: read(SETTINGS.site) ?? siteOf(new URL(upstream)),
    auth,
    tokens,
    passthrough: passthrough === 'all' ? undefined : passthrough,
    scope: need(SETTINGS.scope),
    publicUrl: read(SETTINGS.publicUrl),
    adminToken: read(SETTINGS.adminToken),
    seedless: need(SETTINGS.seedless),
    models: need(SETTINGS.models),
    prices: need(SETTINGS.prices),
    maxBytes: read(SETTINGS.maxBytes),
    maxAge: read(SETTINGS.maxAge),
    maxBody: need(SETTINGS.maxBody),
    maxInflight: need(SETTINGS.maxInflight),
    maxImage: need(SETTINGS.maxImage),
    maxUploads: need(SETTINGS.maxUploads),
    referenceAllow: need(SETTINGS.referenceAllow),
    concurrency: need(SETTINGS.concurrency),
    rate: read(SETTINGS.rate),
    maxQueue: need(SETTINGS.maxQueue),
    queueTimeout: need(SETTINGS.queueTimeout),
    throttledAttempts: need(SETTINGS.throttledAttempts),
    failedAttempts: need(SETTINGS.failedAttempts),
    retryBudget: need(SETTINGS.retryBudget),
    generationTimeout,
    downloadTimeout: need(SETTINGS.downloadTimeout),
    // What is sent is answered by then, or never.
    drainTimeout: Math.min(read(SETTINGS.drainTimeout) ?? generationTimeout, generationTimeout),
    memory: need(SETTINGS.memory),
    logLevel: need(SETTINGS.logLevel),
  };
  for (const name of config.prices.keys()) {
    const [model = ''] = name.split('@');
    if (isImageModel(model, config.models)) continue;
    throw new AppError(
      'config',
      `DASHCACHE_PRICES names ${model}, which is no image model. DASHCACHE_MODELS adds further ones.`,
    );
  }
  if (auth === 'local' && !isLoopback(host)) {
    throw new AppError(
      'config',
      `HOST=${host} is reachable from outside, where local mode would let anybody spend your money. Set DASHCACHE_AUTH to passthrough or token, or HOST to 127.0.0.1.`,
    );
  }
  if (auth === 'token' && tokens.size === 0) {
    throw new AppError(
      'config',
      'DASHCACHE_TOKENS is empty, but DASHCACHE_AUTH=token needs at least one name:token pair.',
    );
  }
  if (config.adminToken !== undefined && tokens.has(config.adminToken)) {
    throw new AppError(
      'config',
      'DASHCACHE_ADMIN_TOKEN is one of DASHCACHE_TOKENS: whoever draws with it could look into the whole store.',
    );
  }
  if (auth !== 'local' && config.publicUrl === undefined && isWildcard(host)) {
    throw new AppError(
      'config',
      `DASHCACHE_PUBLIC_URL is missing: HOST=${host} is no address that clients could fetch images from.`,
    );
  }
  return config;
}

function readSetting<T>(setting: Setting<T>, env: Environment): T | undefined {
  const given = env[setting.name];
  const text = given === undefined || given === '' ? setting.fallback : given.trim();
  if (text === undefined) return undefined;
  try {
    return setting.parse(text);
  } catch (error) {
    if (!isAppError(error, 'config')) throw error;
    // A URL may hold a secret in its credentials, query or fragment.
    const isShown = !setting.secret && !/[@?#]/.test(text);
    const shown = isShown ? ` (it is ${JSON.stringify(text)})` : '';
    throw new AppError('config', `${setting.name} ${error.message}${shown}.`, { cause: error });
  }
}

function refuseUnknown(env: Environment): void {
  const known = new Set(Object.values(SETTINGS).map(({ name }) => name));
  const unknown = Object.keys(env).filter((name) => name.startsWith('DASHCACHE_') && !known.has(name));
  if (unknown.length > 0) throw new AppError('config', `There is no setting ${unknown.join(', ')}.`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '*';
}
