import { constants, homedir } from 'node:os';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { searchApiKey } from '../../adapters/node/api-key.ts';
import { type Config, type Environment, parseConfig } from '../../config.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import type { CacheEvent } from '../../core/events.ts';
import { upstreamUrl } from '../../setting-parsers.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { addSettingOptions, givenSettings, type SettingFlags } from '../settings/settings-source.ts';
import { watchSignals } from '../signals.ts';

/** The server that a command asks: one that runs already, or one of its own that ends with the command. */
export interface CacheServer {
  readonly origin: string;
  /** The key to send to a server that runs already; the command's own server has the key itself. */
  readonly apiKey: string | undefined;
  /** The admin token of a server that runs already; the command's own server needs none. */
  readonly adminToken: string | undefined;
  /** The environment of the command and its server. */
  readonly env: Environment;
  /** True when this command started it. */
  readonly isOwn: boolean;
  /** The data folder of the command's own server. */
  readonly dataFolder?: string;
  /** The path of an image of the command's own server, by its digest. */
  readonly blobFile?: (digest: string) => string;
  /** Waits until images under way are stored, and ends the command's own server. */
  close(): Promise<void>;
}

export type ServerFlags = SettingFlags & { readonly server?: string };

export interface OwnServerOptions {
  /** Called with every event of the command's own server. */
  readonly onEvent?: (event: CacheEvent) => void;
  /**
   * Give out image URLs of the server that `serve` would run with these settings, not of one that ends in a moment.
   */
  readonly durableUrls?: boolean;
}

/** Adds the options of every command that asks a server. */
export function addServerOptions(command: Command): Command {
  const server = new Option(
    '--server <url>',
    'ask the server that runs there; without it, one is started over the data folder',
  );
  command.addOption(server.conflicts(['data', 'upstream']));
  return addSettingOptions(command, ['data', 'upstream']);
}

/** The server named by `--server`, or one of the command's own, on a free port that only this machine reaches. */
export async function openServer(flags: ServerFlags, options: OwnServerOptions = {}): Promise<CacheServer> {
  const { config: file, data, upstream } = flags;
  // Another option of a command may have the name of a setting and mean something else, such as --scope.
  const { env } = await givenSettings({ data, upstream, ...(file === undefined ? {} : { config: file }) });
  if (flags.server !== undefined) {
    const { found } = await searchApiKey(env, homedir());
    const origin = parseServer(flags.server);
    const adminToken = env.DASHCACHE_ADMIN_TOKEN;
    return { origin, apiKey: found?.key, adminToken, env, isOwn: false, close: async () => {} };
  }
  // What is overruled below must be valid all the same, as for `serve`.
  const config = parseConfig(env);
  const own: Environment = {
    ...env,
    HOST: '127.0.0.1',
    PORT: '0',
    DASHCACHE_AUTH: 'local',
    DASHCACHE_ADMIN_TOKEN: '',
    DASHCACHE_PUBLIC_URL: options.durableUrls === true ? servedAt(config) : '',
    // The log would hide progress and results.
    DASHCACHE_LOG_LEVEL: env.DASHCACHE_LOG_LEVEL ?? 'error',
  };
  const { onEvent } = options;
  const server = await (await import('../../node.ts'))
    .startServer(own, onEvent === undefined ? {} : { onEvent })
    .catch(pointElsewhere);
  const { origin } = server;
  return {
    origin,
    apiKey: undefined,
    adminToken: undefined,
    env,
    isOwn: true,
    dataFolder: resolve(config.data),
    blobFile: (digest) => server.blobFile(digest),
    close: () => server.close(),
  };
}

/**
 * Runs a command's work with a server and closes it at the end. SIGINT and SIGTERM end the work; `stopping` tells it to
 * begin nothing more.
 */
export async function withServer<T>(
  flags: ServerFlags,
  options: OwnServerOptions,
  work: (server: CacheServer, stopping: AbortSignal) => Promise<T>,
): Promise<T> {
  const server = await openServer(flags, options);
  const stopping = new AbortController();
  const signals = watchSignals();
  const interrupted = signals.first.then((signal) => {
    stopping.abort();
    console.error(`${signal}: beginning nothing more; a second signal also breaks off what is under way`);
    throw new Failure(`ended by ${signal}`, EXIT.signal + constants.signals[signal]);
  });
  try {
    return await Promise.race([work(server, stopping.signal), interrupted]);
  } finally {
    await server.close();
    signals.stop();
  }
}

/** Where `serve` would listen; empty when the port is not known beforehand. */
function servedAt({ publicUrl, host, port }: Config): string {
  if (publicUrl !== undefined) return publicUrl;
  return port === 0 ? '' : `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Adds to the refusal of a folder in use that `--server` can ask its owner. */
function pointElsewhere(error: unknown): never {
  if (!isAppError(error, 'config') || !/ is in use by process /.test(error.message)) throw error;
  throw new AppError('config', `${error.message}; --server asks the server that has it`, { cause: error });
}

function parseServer(text: string): string {
  try {
    return upstreamUrl(text);
  } catch (error) {
    if (!isAppError(error, 'config')) throw error;
    throw new AppError('config', `--server ${error.message}.`, { cause: error });
  }
}
