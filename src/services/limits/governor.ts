import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';

export interface GovernorLimits {
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Requests begun within any 60 seconds; undefined means no limit. */
  readonly perMinute: number | undefined;
}

export interface GovernorOptions {
  readonly limitsOf: (model: string) => GovernorLimits;
  /** Waiters beyond this are refused at once. */
  readonly maxQueue: number;
  /** How long one may wait for its turn, in milliseconds. */
  readonly queueTimeoutMs: number;
}

/** Leave to send one request. Give it back exactly once, saying how upstream took it. */
export interface Permit {
  release(outcome: 'accepted' | 'throttled' | 'failed'): void;
}

interface Waiter {
  admit(): void;
  /** Told of its place in the queue, from 1. */
  readonly moved: (position: number) => void;
}

interface Lane {
  readonly limits: GovernorLimits;
  /** What is allowed now: halved by a 429, raised by one per round of successes (AIMD). */
  allowed: number;
  active: number;
  startedAt: number[];
  readonly queue: Set<Waiter>;
  /** Stops the timer that waits for the rate window to move on; set while there is one. */
  waker: AbortController | undefined;
}

const WINDOW_MS = 60_000;

/** Lanes remembered before idle ones are dropped: one per model and account seen. */
const MAX_LANES = 10_000;

/**
 * Keeps upstream concurrency and rate within limits, per model and account, since the vendor's limits are per model and
 * account. Waiters queue in order, with a deadline; hits never come here.
 */
export class Governor {
  readonly #clock: Clock;
  readonly #options: GovernorOptions;
  readonly #lanes = new Map<string, Lane>();
  #queued = 0;

  constructor(clock: Clock, options: GovernorOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Waits for leave to send. `overloaded` when the queue is full or the wait too long. Who has to wait is told of each
   * place in the queue, from 1. Rejects with the signal's reason when it aborts meanwhile.
   */
  async acquire(
    model: string,
    account: string,
    moved: (position: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<Permit> {
    const name = `${model}\n${account}`;
    const lane = this.#laneOf(name, model);
    signal?.throwIfAborted();
    if (lane.queue.size > 0 || !this.#mayStart(lane)) await this.#wait(lane, moved, signal);
    else this.#start(lane);
    let held = true;
    return {
      release: (outcome) => {
        if (!held) return;
        held = false;
        lane.active -= 1;
        adapt(lane, outcome);
        this.#admit(lane);
        if (this.#isIdle(lane)) this.#lanes.delete(name);
      },
    };
  }

  get queued(): number {
    return this.#queued;
  }

  #laneOf(name: string, model: string): Lane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    if (this.#lanes.size >= MAX_LANES) this.#forgetIdleLanes();
    const limits = this.#options.limitsOf(model);
    const lane: Lane = {
      limits,
      allowed: limits.concurrency,
      active: 0,
      startedAt: [],
      queue: new Set<Waiter>(),
      waker: undefined,
    };
    this.#lanes.set(name, lane);
    return lane;
  }

  #mayStart(lane: Lane): boolean {
    return lane.active < Math.max(1, Math.floor(lane.allowed)) && this.#rateWait(lane) === 0;
  }

  /** Milliseconds until the rate allows one more; 0 means now. */
  #rateWait(lane: Lane): number {
    const { perMinute } = lane.limits;
    if (perMinute === undefined) return 0;
    const now = this.#clock.monotonic();
    lane.startedAt = lane.startedAt.filter((at) => at > now - WINDOW_MS);
    const oldest = lane.startedAt.at(-perMinute);
    return oldest === undefined ? 0 : oldest + WINDOW_MS - now;
  }

  #start(lane: Lane): void {
    lane.active += 1;
    if (lane.limits.perMinute !== undefined) lane.startedAt.push(this.#clock.monotonic());
  }

  async #wait(lane: Lane, moved: (position: number) => void, signal: AbortSignal | undefined): Promise<void> {
    const { maxQueue, queueTimeoutMs } = this.#options;
    if (this.#queued >= maxQueue)
      throw overloaded('Too many requests are waiting for upstream already.', 5_000);
    this.#queued += 1;
    const timer = new AbortController();
    let giveUp = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const waiter = { admit: resolve, moved };
        const leave = (why: unknown) => {
          // Out of the queue in the same step: one that was admitted and gave up would hold its place for ever.
          if (!lane.queue.delete(waiter)) return;
          tellPositions(lane);
          if (lane.queue.size === 0) stopWaking(lane);
          reject(why);
        };
        giveUp = () => leave(signal?.reason);
        signal?.addEventListener('abort', giveUp);
        lane.queue.add(waiter);
        moved(lane.queue.size);
        this.#wakeLater(lane);
        this.#clock.sleep(queueTimeoutMs, timer.signal).then(
          () => leave(overloaded('Upstream is busy: no turn came within the time allowed.', queueTimeoutMs)),
          () => undefined,
        );
      });
    } finally {
      this.#queued -= 1;
      signal?.removeEventListener('abort', giveUp);
      timer.abort();
    }
  }

  /** Lets in whoever may start, and counts them at once: their promises run on only later. */
  #admit(lane: Lane): void {
    const waiting = lane.queue.size;
    for (const waiter of lane.queue) {
      if (!this.#mayStart(lane)) break;
      lane.queue.delete(waiter);
      this.#start(lane);
      waiter.admit();
    }
    if (lane.queue.size < waiting) tellPositions(lane);
    this.#wakeLater(lane);
  }

  #wakeLater(lane: Lane): void {
    const waitMs = this.#rateWait(lane);
    if (lane.waker !== undefined || waitMs === 0 || lane.queue.size === 0) return;
    lane.waker = new AbortController();
    this.#clock.sleep(waitMs, lane.waker.signal).then(
      () => {
        lane.waker = undefined;
        this.#admit(lane);
      },
      // Nobody waits any more.
      () => undefined,
    );
  }

  #isIdle(lane: Lane): boolean {
    const recovered = lane.allowed >= lane.limits.concurrency;
    return (
      lane.active === 0 &&
      lane.queue.size === 0 &&
      recovered &&
      this.#rateWait(lane) === 0 &&
      lane.startedAt.length === 0
    );
  }

  #forgetIdleLanes(): void {
    for (const [name, lane] of this.#lanes) {
      if (lane.active === 0 && lane.queue.size === 0) this.#lanes.delete(name);
    }
  }
}

function tellPositions(lane: Lane): void {
  let position = 0;
  for (const waiter of lane.queue) {
    position += 1;
    waiter.moved(position);
  }
}

/** A timer that nobody needs would keep the process from ending for up to a minute. */
function stopWaking(lane: Lane): void {
  lane.waker?.abort();
  lane.waker = undefined;
}

function adapt(lane: Lane, outcome: 'accepted' | 'throttled' | 'failed'): void {
  if (outcome === 'throttled') lane.allowed = Math.max(1, lane.allowed / 2);
  if (outcome === 'accepted')
    lane.allowed = Math.min(lane.limits.concurrency, lane.allowed + 1 / lane.allowed);
}

function overloaded(message: string, retryAfterMs: number): AppError {
  return new AppError('overloaded', message, { retryAfterMs });
}
