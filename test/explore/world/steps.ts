import type { Random } from '../random.ts';

/** One process of dashcache. What a dead one had asked for is never answered. */
export interface Life {
  readonly number: number;
  isOver: boolean;
  /** It is over, and what its last call did has been seen. */
  isGone: boolean;
}

interface Parked {
  readonly life: Life;
  readonly label: string;
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Every call that leaves a process waits here until its turn comes. Whose turn it is decides the order in which
 * concurrent work interleaves.
 */
export class Steps {
  #parked: Parked[] = [];
  /** What has happened, for who reads a failure. */
  readonly trace: string[] = [];

  /** Does `work` when its turn comes, and answers with what it came to. */
  take<T>(life: Life, label: string, work: () => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#parked.push({ life, label, work, resolve, reject });
    });
  }

  get waiting(): number {
    return this.#parked.length;
  }

  /** Gives one of those that wait its turn, and lets everything go on that can. */
  async next(random: Random): Promise<void> {
    const [turn] = this.#parked.splice(random.below(this.#parked.length), 1);
    if (turn === undefined) return;
    await this.#perform(turn, true);
    await drain();
  }

  /**
   * Ends a life. What waits is not done any more, but for one call, perhaps, that took effect while nobody heard of it.
   */
  async end(life: Life, lastTakesEffect: Random | undefined): Promise<void> {
    life.isOver = true;
    const left = this.#parked.filter((parked) => parked.life === life);
    this.#parked = this.#parked.filter((parked) => parked.life !== life);
    if (lastTakesEffect !== undefined && left.length > 0)
      await this.#perform(lastTakesEffect.pick(left), false);
    await drain();
  }

  note(text: string): void {
    this.trace.push(text);
  }

  async #perform({ life, label, work, resolve, reject }: Parked, isHeard: boolean): Promise<void> {
    this.trace.push(`${life.number}: ${label}${isHeard ? '' : ' (unheard)'}`);
    try {
      const value = await work();
      if (isHeard && !life.isOver) resolve(value as never);
    } catch (error) {
      this.trace.push(
        `${life.number}: ${label} fails: ${error instanceof Error ? error.message : String(error)}`,
      );
      if (isHeard && !life.isOver) reject(error);
    }
  }
}

/** Resolves when every promise that could go on has gone on. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
