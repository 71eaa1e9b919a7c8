import type { Config } from '../../config.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Governor, Permit, QueueListener } from '../../ports/governor.ts';
import { Lane, type LaneOptions } from './lane.ts';

export interface GovernorOptions {
  readonly limitsOf: (model: string) => Pick<LaneOptions, 'concurrency' | 'rate'>;
  /** Waiters beyond this are refused at once. */
  readonly maxQueue: number;
  readonly queueTimeoutMs: number;
  readonly leaseMs: number;
}

/** Lanes remembered before idle ones are dropped: one per model and account seen. */
const MAX_LANES = 10_000;
/** Time for what a permit's holder does beside the generation: its records before and after. */
const LEASE_MARGIN_MS = 5 * 60 * 1000;

/** What the settings allow. */
export function governorOptions(config: Config): GovernorOptions {
  return {
    limitsOf: (model) => ({ concurrency: config.concurrency(model), rate: config.rate?.(model) }),
    maxQueue: config.maxQueue,
    queueTimeoutMs: config.queueTimeout,
    leaseMs: config.generationTimeout + LEASE_MARGIN_MS,
  };
}

/** The governor of one process: a lane for each model and account. */
export class InProcessGovernor implements Governor {
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  readonly #options: GovernorOptions;
  readonly #lanes = new Map<string, Lane>();
  #lastHolder = 0;

  constructor(clock: Pick<Clock, 'monotonic' | 'sleep'>, options: GovernorOptions) {
    // A clock that is set changes no rate and ends no lease.
    this.#clock = { now: () => clock.monotonic(), sleep: (ms, signal) => clock.sleep(ms, signal) };
    this.#options = options;
  }

  async acquire(
    model: string,
    account: string,
    moved: QueueListener = () => {},
    signal?: AbortSignal,
  ): Promise<Permit> {
    signal?.throwIfAborted();
    const name = `${model}\n${account}`;
    const lane = this.#laneOf(name, model);
    this.#lastHolder += 1;
    const holder = String(this.#lastHolder);
    const giveUp = () => lane.leave(holder, signal?.reason);
    signal?.addEventListener('abort', giveUp);
    try {
      await lane.acquire(holder, moved);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    return {
      release: (outcome) => {
        lane.release(holder, outcome);
        if (lane.isFresh && this.#lanes.get(name) === lane) this.#lanes.delete(name);
      },
    };
  }

  get queued(): number {
    let queued = 0;
    for (const lane of this.#lanes.values()) queued += lane.queued;
    return queued;
  }

  #laneOf(name: string, model: string): Lane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    if (this.#lanes.size >= MAX_LANES) this.#forgetIdleLanes();
    const { limitsOf, maxQueue, queueTimeoutMs, leaseMs } = this.#options;
    const mayQueue = () => this.queued < maxQueue;
    const lane = new Lane(this.#clock, { ...limitsOf(model), queueTimeoutMs, leaseMs, mayQueue });
    this.#lanes.set(name, lane);
    return lane;
  }

  #forgetIdleLanes(): void {
    for (const [name, lane] of this.#lanes) if (!lane.isBusy) this.#lanes.delete(name);
  }
}
