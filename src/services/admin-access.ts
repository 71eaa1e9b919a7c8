import { equalTexts } from '../core/equal-texts.ts';
import { AppError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Hasher } from '../ports/hasher.ts';
import { RateWindow } from './rate-window.ts';

export interface AdminAccessOptions {
  /** Opens the admin interface; without one it is closed, or free in local mode. */
  readonly token: string | undefined;
  /** Only this machine can ask. */
  readonly local: boolean;
  /** Keys the hashes that are compared. */
  readonly secret: Uint8Array;
}

/** Wrong tokens that one address may try in a minute. */
const WRONG_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/** Decides who may look into the store. */
export class AdminAccess {
  readonly #hasher: Pick<Hasher, 'hmac'>;
  readonly #options: AdminAccessOptions;
  readonly #wrong: RateWindow;

  constructor(
    parts: { hasher: Pick<Hasher, 'hmac'>; clock: Pick<Clock, 'now'> },
    options: AdminAccessOptions,
  ) {
    this.#hasher = parts.hasher;
    this.#options = options;
    this.#wrong = new RateWindow(parts.clock, { limit: WRONG_PER_MINUTE, windowMs: MINUTE_MS });
  }

  /** Nobody needs a token: a bearer is the credential of a client. */
  get isFree(): boolean {
    return this.#options.local && this.#options.token === undefined;
  }

  /**
   * `forbidden` when there is no token that opens it, `unauthorized` for a missing or wrong one, `throttled` after too
   * many wrong ones from this address.
   */
  async admit(bearer: string | undefined, clientAddress: string): Promise<void> {
    if (this.isFree) return;
    const token = this.requireToken();
    if (bearer === undefined) {
      throw new AppError(
        'unauthorized',
        'The admin interface wants Authorization: Bearer <the admin token>.',
      );
    }
    const isRight = await this.#isSame(bearer, token);
    // From here on nothing is waited for: guesses sent at once are counted one after the other.
    const waitMs = this.#wrong.waitMs(clientAddress);
    if (waitMs !== undefined) {
      throw new AppError('throttled', 'Too many wrong admin tokens from this address; try again later.', {
        retryAfterMs: waitMs,
      });
    }
    if (isRight) return;
    this.#wrong.count(clientAddress);
    throw new AppError('unauthorized', 'This is not the admin token.');
  }

  /** The token that opens it; `forbidden` when there is none. */
  requireToken(): string {
    const { token } = this.#options;
    if (token !== undefined) return token;
    throw new AppError('forbidden', 'The admin interface is closed: DASHCACHE_ADMIN_TOKEN opens it.');
  }

  /** Compares keyed hashes: neither the time nor a difference in length tells anything about the token. */
  async #isSame(given: string, token: string): Promise<boolean> {
    const { secret } = this.#options;
    return equalTexts(await this.#hasher.hmac(secret, given), await this.#hasher.hmac(secret, token));
  }
}
