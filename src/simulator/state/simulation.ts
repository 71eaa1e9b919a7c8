import type { Clock } from '../../ports/clock.ts';
import { FaultQueue } from '../faults/fault-queue.ts';
import type { Compression } from '../images/compression.ts';
import { ImageStore } from '../images/image-store.ts';
import { ResultUrls } from '../images/result-urls.ts';
import { Journal } from './journal.ts';
import { type PollLimitOption, type RateLimitOption, RateLimits } from './rate-limits.ts';
import { concludeTask } from './task.ts';
import { TaskBoard, type TaskLimitOption } from './task-board.ts';
import { UploadPolicies } from './upload-policy.ts';
import { UploadStore } from './upload-store.ts';

export interface SimulatorOptions {
  readonly clock: Clock;
  readonly compression: Compression;
  /** Where result URLs point: scheme, host and port under which clients reach this simulator. */
  readonly publicOrigin: () => string;
  /** Keys that are accepted. By default any that begins with `sk-` and does not contain `invalid`. */
  readonly apiKeys?: readonly string[];
  /** The account of each key; a key that is not named is an account of its own. Tasks and uploads belong to accounts. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Time that one generation takes, in ms; default 300. A stream takes it for every image. */
  readonly latencyMs?: number | ((model: string) => number);
  /** Time that a task waits as PENDING before it runs, in ms; default 0. */
  readonly pendingMs?: number;
  /**
   * What a header that asks for a task does on the path of synchronous calls. Sources disagree about the vendor, so it
   * is a choice: refused (default), ignored, or obeyed.
   */
  readonly asyncHeader?: AsyncHeaderOption;
  /** Tasks of one account that run at a time, by model; off by default. */
  readonly taskLimit?: TaskLimitOption;
  /** Off by default. */
  readonly pollLimit?: PollLimitOption;
  /** Largest file that a temporary upload may hold, in bytes; default 1 GiB. */
  readonly maxUploadBytes?: number;
  /** Life of a result URL, in ms; default 24 hours. */
  readonly urlLifetimeMs?: number;
  /** Off by default: the vendor's two images a minute would end most demos. */
  readonly rateLimit?: RateLimitOption;
  /** Largest request body in bytes; default 64 MiB. */
  readonly maxBodyBytes?: number;
  /** Rendered images kept in memory, in bytes; default 64 MiB. Others are painted again when asked for. */
  readonly maxImageBytes?: number;
}

export type AsyncHeaderOption = 'refuse' | 'ignore' | 'task';

const MEBIBYTE = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The state that all routes share, and the options with their defaults filled in. */
export interface Simulation {
  readonly clock: Clock;
  readonly compression: Compression;
  readonly faults: FaultQueue;
  readonly journal: Journal;
  readonly limits: RateLimits;
  readonly images: ImageStore;
  readonly urls: ResultUrls;
  readonly urlLifetimeMs: number;
  readonly maxBodyBytes: number;
  readonly policies: UploadPolicies;
  readonly uploads: UploadStore;
  readonly maxUploadBytes: number;
  readonly tasks: TaskBoard;
  readonly asyncHeader: AsyncHeaderOption;
  publicOrigin(): string;
  accountOf(apiKey: string): string;
  accepts(apiKey: string): boolean;
  latencyMs(model: string): number;
  /** Ends waits that would outlive the simulator. */
  readonly stopped: AbortController;
}

export function createSimulation(options: SimulatorOptions): Simulation {
  const { clock, compression, apiKeys, publicOrigin, latencyMs = 300 } = options;
  const latencyOf = typeof latencyMs === 'number' ? () => latencyMs : latencyMs;
  const accounts = new Map(Object.entries(options.accounts ?? {}));
  const images = new ImageStore(compression, options.maxImageBytes ?? 64 * MEBIBYTE);
  const journal = new Journal();
  return {
    clock,
    compression,
    faults: new FaultQueue(),
    journal,
    limits: new RateLimits(options.rateLimit ?? false, options.pollLimit ?? false),
    images,
    publicOrigin,
    policies: new UploadPolicies(clock.uuid()),
    uploads: new UploadStore(),
    maxUploadBytes: options.maxUploadBytes ?? 1024 * MEBIBYTE,
    tasks: new TaskBoard({
      pendingMs: options.pendingMs ?? 0,
      latencyMs: latencyOf,
      limit: options.taskLimit ?? false,
      ended: (task) => concludeTask(task, images, journal),
    }),
    asyncHeader: options.asyncHeader ?? 'refuse',
    urls: new ResultUrls(publicOrigin, clock.uuid()),
    urlLifetimeMs: options.urlLifetimeMs ?? DAY_MS,
    maxBodyBytes: options.maxBodyBytes ?? 64 * MEBIBYTE,
    accepts: (key) => apiKeys?.includes(key) ?? (key.startsWith('sk-') && !key.includes('invalid')),
    accountOf: (key) => accounts.get(key) ?? key,
    latencyMs: latencyOf,
    stopped: new AbortController(),
  };
}
