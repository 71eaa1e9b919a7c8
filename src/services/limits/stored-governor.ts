import { isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GovernorObject, SendOutcome, Turn } from '../../ports/governor.ts';
import type { GovernorOptions } from './in-process-governor.ts';
import { Lane, type LaneState } from './lane.ts';

/** Collaborators of `StoredGovernor`. */
export interface StoredGovernorDeps {
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** What an object before this one has left; undefined when nothing. */
  readonly load: () => Promise<LaneState | undefined>;
  readonly save: (state: LaneState | undefined) => Promise<void>;
}

/**
 * The governor of one account and model, asked from elsewhere. Permits are stored, since the platform drops an object that
 * nobody calls; those who wait call it all the while.
 */
export class StoredGovernor implements GovernorObject {
  readonly #deps: StoredGovernorDeps;
  readonly #options: GovernorOptions;
  #lane: Promise<Lane> | undefined;

  constructor(deps: StoredGovernorDeps, options: GovernorOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  async acquire(
    holder: string,
    model: string,
    moved: (position: number) => void | Promise<void>,
  ): Promise<Turn> {
    const lane = await this.#laneOf(model);
    let hasWaited = false;
    const tell = async (position: number) => {
      hasWaited = true;
      try {
        await moved(position);
      } catch {
        // Who asked is gone.
        await this.release(holder, model, 'failed');
      }
    };
    try {
      await lane.acquire(holder, tell);
    } catch (error) {
      if (!isAppError(error, 'overloaded')) throw error;
      return { isGranted: false, reason: error.message, retryAfterMs: error.retryAfterMs ?? 0 };
    }
    await this.#save(lane);
    if (hasWaited) await tell(0);
    return { isGranted: true };
  }

  async release(holder: string, model: string, outcome: SendOutcome): Promise<void> {
    const lane = await this.#laneOf(model);
    lane.release(holder, outcome);
    await this.#save(lane);
  }

  #laneOf(model: string): Promise<Lane> {
    this.#lane ??= this.#deps.load().then((state) => {
      const { limitsOf, maxQueue, ...options } = this.#options;
      const mayQueue = () => lane.queued < maxQueue;
      const lane: Lane = new Lane(this.#deps.clock, { ...limitsOf(model), ...options, mayQueue }, state);
      return lane;
    });
    return this.#lane;
  }

  async #save(lane: Lane): Promise<void> {
    await this.#deps.save(lane.isFresh ? undefined : lane.state);
  }
}
