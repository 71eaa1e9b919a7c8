import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';

export interface TurnOptions {
  readonly signal?: AbortSignal;
  /** A turn that would come later than this is refused. */
  readonly maxWaitMs?: number;
}

const WINDOW_MS = 1_000;
/** Names remembered before idle ones are dropped. */
const MAX_NAMES = 10_000;

/** Spaces turns out, so that no name has more than `perSecond` of them in any second. */
export class Pacer {
  readonly #clock: Clock;
  readonly #gapMs: number;
  /** When each name may next have a turn. */
  readonly #nextAt = new Map<string, number>();

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#gapMs = WINDOW_MS / perSecond;
  }

  /** Resolves when it is this name's turn. `paced_out` when that would be too late; rejects with the signal's reason. */
  async turn(name: string, { signal, maxWaitMs }: TurnOptions = {}): Promise<void> {
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#nextAt.get(name) ?? now);
    if (maxWaitMs !== undefined && at - now > maxWaitMs) {
      throw new AppError('paced_out', 'Too many polls are waiting for their turn; poll more slowly.', {
        retryAfterMs: at - now,
      });
    }
    if (this.#nextAt.size >= MAX_NAMES) this.#forgetIdle(now);
    this.#nextAt.set(name, at + this.#gapMs);
    if (at > now) await this.#clock.sleep(at - now, signal);
  }

  #forgetIdle(now: number): void {
    for (const [name, nextAt] of this.#nextAt) if (nextAt <= now) this.#nextAt.delete(name);
  }
}
