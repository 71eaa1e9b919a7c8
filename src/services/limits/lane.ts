import { AppError } from '../../core/errors.ts';
import type { Rate } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { QueueListener, SendOutcome } from '../../ports/governor.ts';

export interface LaneOptions {
  /** Requests under way at once. */
  readonly concurrency: number;
  /** How many may begin; undefined means no limit. */
  readonly rate: Rate | undefined;
  /** How long one may wait for its turn, in milliseconds. */
  readonly queueTimeoutMs: number;
  /** How long a permit lasts that nobody gives back, in milliseconds: longer than a generation may take. */
  readonly leaseMs: number;
  /** False when one more may not wait. */
  readonly mayQueue: () => boolean;
}

/** What a lane must remember to keep its limits. Plain data. */
export interface LaneState {
  /** What is allowed at once now: halved by a 429, raised by one per round of successes (AIMD). */
  readonly allowed: number;
  /** Permits by the name of their holder, each with the time at which it ends by itself. */
  readonly leases: readonly (readonly [holder: string, endsAt: number])[];
  /** When the requests of the current window began. */
  readonly startedAt: readonly number[];
}

interface Waiter {
  readonly admit: () => void;
  readonly leave: (why: unknown) => void;
  readonly moved: QueueListener;
}

/** The limits of one model and account, and the queue of those who wait for leave to send. */
export class Lane {
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  readonly #options: LaneOptions;
  readonly #leases: Map<string, number>;
  readonly #queue = new Map<string, Waiter>();
  #startedAt: readonly number[];
  #allowed: number;
  /** Stops the timer that waits for the next permit to end or the window to move on; set while there is one. */
  #waker: AbortController | undefined;

  constructor(clock: Pick<Clock, 'now' | 'sleep'>, options: LaneOptions, state?: LaneState) {
    this.#clock = clock;
    this.#options = options;
    this.#leases = new Map(state?.leases);
    this.#startedAt = state?.startedAt ?? [];
    this.#allowed = Math.min(options.concurrency, state?.allowed ?? options.concurrency);
  }

  get state(): LaneState {
    return { allowed: this.#allowed, leases: [...this.#leases], startedAt: this.#startedAt };
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** True while somebody holds a permit or waits for one. */
  get isBusy(): boolean {
    return this.#leases.size > 0 || this.#queue.size > 0;
  }

  /** True when a new lane would know as much. */
  get isFresh(): boolean {
    this.#forgetPast();
    return !this.isBusy && this.#startedAt.length === 0 && this.#allowed >= this.#options.concurrency;
  }

  /**
   * Waits until `holder`, a name of its own, may send; one that may already may again. `overloaded` when the queue is full
   * or the wait too long.
   */
  async acquire(holder: string, moved: QueueListener): Promise<void> {
    if (this.#leases.has(holder)) return;
    if (this.#queue.size === 0 && this.#waitMs() === 0) {
      this.#start(holder);
      return;
    }
    if (!this.#options.mayQueue())
      throw overloaded('Too many requests are waiting for upstream already.', 5_000);
    await this.#wait(holder, moved);
  }

  /** Gives the permit back, or the place in the queue. Who has neither is nobody. */
  release(holder: string, outcome: SendOutcome): void {
    this.leave(holder, overloaded('Leave to send is no longer wanted.', 0));
    if (!this.#leases.delete(holder)) return;
    if (outcome === 'throttled') this.#allowed = Math.max(1, this.#allowed / 2);
    if (outcome === 'accepted')
      this.#allowed = Math.min(this.#options.concurrency, this.#allowed + 1 / this.#allowed);
    this.#admit();
  }

  /** Takes a waiter out of the queue: its waiting rejects with the reason. One that was admitted is let be. */
  leave(holder: string, reason: unknown): void {
    this.#queue.get(holder)?.leave(reason);
  }

  #start(holder: string): void {
    const now = this.#clock.now();
    this.#leases.set(holder, now + this.#options.leaseMs);
    if (this.#options.rate !== undefined) this.#startedAt = [...this.#startedAt, now];
  }

  #forgetPast(): void {
    const now = this.#clock.now();
    for (const [holder, endsAt] of this.#leases) if (endsAt <= now) this.#leases.delete(holder);
    const windowMs = this.#options.rate?.windowMs ?? 0;
    this.#startedAt = this.#startedAt.filter((at) => at > now - windowMs);
  }

  /** Milliseconds until one more may be let in, unless something is given back before; 0 means now. */
  #waitMs(): number {
    this.#forgetPast();
    const now = this.#clock.now();
    if (this.#leases.size >= Math.max(1, Math.floor(this.#allowed)))
      return Math.min(...this.#leases.values()) - now;
    const { rate } = this.#options;
    const oldest = rate && this.#startedAt.at(-rate.count);
    return rate === undefined || oldest === undefined ? 0 : oldest + rate.windowMs - now;
  }

  async #wait(holder: string, moved: QueueListener): Promise<void> {
    const { queueTimeoutMs } = this.#options;
    const timer = new AbortController();
    // One holder waits once.
    this.leave(holder, overloaded('Asked again meanwhile.', 0));
    try {
      await new Promise<void>((resolve, reject) => {
        const leave = (why: unknown) => {
          // Out of the queue in the same step: one that was admitted and gave up would hold its place until its lease ends.
          if (this.#queue.get(holder) !== waiter) return;
          this.#queue.delete(holder);
          this.#tellPositions();
          this.#wakeLater();
          reject(why);
        };
        const waiter = { admit: resolve, leave, moved };
        this.#queue.set(holder, waiter);
        moved(this.#queue.size);
        this.#wakeLater();
        this.#clock.sleep(queueTimeoutMs, timer.signal).then(
          () => leave(overloaded('Upstream is busy: no turn came within the time allowed.', queueTimeoutMs)),
          () => undefined,
        );
      });
    } finally {
      timer.abort();
    }
  }

  /** Lets in whoever may start, and counts them at once: their promises run on only later. */
  #admit(): void {
    const waiting = this.#queue.size;
    for (const [holder, { admit }] of this.#queue) {
      if (this.#waitMs() > 0) break;
      this.#queue.delete(holder);
      this.#start(holder);
      admit();
    }
    if (this.#queue.size < waiting) this.#tellPositions();
    this.#wakeLater();
  }

  #tellPositions(): void {
    let position = 0;
    for (const { moved } of this.#queue.values()) {
      position += 1;
      moved(position);
    }
  }

  /** A timer that nobody needs would keep the process from ending. */
  #wakeLater(): void {
    this.#waker?.abort();
    this.#waker = undefined;
    if (this.#queue.size === 0) return;
    const waker = new AbortController();
    this.#waker = waker;
    this.#clock.sleep(this.#waitMs(), waker.signal).then(
      () => this.#admit(),
      // Another timer took its place.
      () => undefined,
    );
  }
}

function overloaded(message: string, retryAfterMs: number): AppError {
  return new AppError('overloaded', message, { retryAfterMs });
}
