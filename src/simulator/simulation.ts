import type { Clock } from '../ports/clock.ts';
import type { Compression } from './compression.ts';
import { FaultQueue } from './fault-queue.ts';
import { Journal } from './journal.ts';
import { PictureStore } from './picture-store.ts';
import { type RateLimitOption, RateLimits } from './rate-limits.ts';
import { ResultUrls } from './result-urls.ts';

export interface SimulatorOptions {
  readonly clock: Clock;
  readonly compression: Compression;
  /** Where result URLs point: scheme, host and port under which clients reach this simulator. */
  readonly publicOrigin: () => string;
  /** Keys that are accepted. By default any that begins with `sk-` and does not contain `invalid`. */
  readonly apiKeys?: readonly string[];
  /** Time that one generation takes, in ms; default 300. */
  readonly latencyMs?: number | ((model: string) => number);
  /** Life of a result URL, in ms; default 24 hours. */
  readonly urlLifetimeMs?: number;
  /** Off by default: the vendor's two pictures a minute would end most demos. */
  readonly rateLimit?: RateLimitOption;
  /** Largest request body in bytes; default 64 MiB. */
  readonly maxBodyBytes?: number;
  /** Rendered pictures kept in memory, in bytes; default 64 MiB. Others are painted again when asked for. */
  readonly maxPictureBytes?: number;
}

const MEBIBYTE = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The state that all routes share, and the options with their defaults filled in. */
export interface Simulation {
  readonly clock: Clock;
  readonly compression: Compression;
  readonly faults: FaultQueue;
  readonly journal: Journal;
  readonly limits: RateLimits;
  readonly pictures: PictureStore;
  readonly urls: ResultUrls;
  readonly urlLifetimeMs: number;
  readonly maxBodyBytes: number;
  accepts(apiKey: string): boolean;
  latencyMs(model: string): number;
  /** Ends waits that would outlive the simulator. */
  readonly stopped: AbortController;
}

export function createSimulation(options: SimulatorOptions): Simulation {
  const { clock, compression, apiKeys, latencyMs = 300 } = options;
  return {
    clock,
    compression,
    faults: new FaultQueue(),
    journal: new Journal(),
    limits: new RateLimits(options.rateLimit ?? false),
    pictures: new PictureStore(compression, options.maxPictureBytes ?? 64 * MEBIBYTE),
    urls: new ResultUrls(options.publicOrigin, clock.uuid()),
    urlLifetimeMs: options.urlLifetimeMs ?? DAY_MS,
    maxBodyBytes: options.maxBodyBytes ?? 64 * MEBIBYTE,
    accepts: (key) => apiKeys?.includes(key) ?? (key.startsWith('sk-') && !key.includes('invalid')),
    latencyMs: typeof latencyMs === 'number' ? () => latencyMs : latencyMs,
    stopped: new AbortController(),
  };
}
