import { AppError } from '../../core/errors.ts';

/**
 * Bounds the bytes of request bodies that are held at once, however many requests hold them: a waiter keeps its body
 * until its flight lands, and bodies with pictures are tens of megabytes.
 */
export class ByteBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes held now. */
  get held(): number {
    return this.#held;
  }

  /** Takes `bytes` until they are given back; `overloaded` when they do not fit. */
  take(bytes: number): void {
    if (this.#held + bytes > this.#limit) {
      throw new AppError('overloaded', 'Too many large requests are under way; try again.', {
        retryAfterMs: 2_000,
      });
    }
    this.#held += bytes;
  }

  giveBack(bytes: number): void {
    this.#held -= bytes;
  }
}
