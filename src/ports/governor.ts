/** How upstream took what was sent: a throttled request lowers what is allowed, an accepted one raises it again. */
export type SendOutcome = 'accepted' | 'throttled' | 'failed';

/** Leave to send one request. Give it back exactly once. */
export interface Permit {
  release(outcome: SendOutcome): void;
}

/** Told of its place in the queue, from 1. */
export type QueueListener = (position: number) => void;

/**
 * Keeps upstream concurrency and rate within limits, per model and account, since the vendor's limits are per model and
 * account. Waiters queue in order, with a deadline; hits never come here. A permit ends by itself when its holder is gone
 * for longer than a generation may take.
 */
export interface Governor {
  /**
   * Waits for leave to send. `overloaded` when the queue is full, the wait too long, or the governor out of reach: nothing
   * was sent then. Rejects with the signal's reason when it aborts meanwhile.
   */
  acquire(model: string, account: string, moved?: QueueListener, signal?: AbortSignal): Promise<Permit>;
  /** How many wait for leave in this process. */
  readonly queued: number;
}

/** What came of asking for a turn. Errors lose their class on the way between objects, so a refusal is plain data. */
export type Turn =
  | { readonly isGranted: true }
  | { readonly isGranted: false; readonly reason: string; readonly retryAfterMs: number };

/** The governor of one account and model in the world, a Durable Object, as others call it. */
export interface GovernorObject {
  /**
   * Resolves when it is `holder`'s turn, or none will come. Asked again by the same holder, it answers the same. `moved` is
   * told 0 when the turn of one who waited has come: if that fails, the holder is gone, and its turn goes to the next.
   */
  acquire(holder: string, model: string, moved: (position: number) => void): Promise<Turn>;
  /** Gives back the permit, or the place in the queue. */
  release(holder: string, model: string, outcome: SendOutcome): Promise<void>;
}
