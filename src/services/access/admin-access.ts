import { equalTexts } from '../../core/bytes/equal-texts.ts';
import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';
import { RateWindow } from './rate-window.ts';

export interface AdminAccessOptions {
  /** Opens the admin interface; without one it is closed, or free in local mode. */
  readonly token: string | undefined;
  /** Only this machine can ask. */
  readonly local: boolean;
  /** Keys the hashes that are compared. */
  readonly secret: Uint8Array;
}

/** After so many wrong tokens within a minute an address is told to wait. */
const WRONG_PER_MINUTE = 10;
/**
 * After so many it is not listened to at all. Behind a reverse proxy all clients have one address: a few wrong tokens of
 * one must not keep the others out, and at this rate nobody finds sixteen characters.
 */
const TRIED_PER_MINUTE = 600;
const MINUTE_MS = 60_000;

/** Collaborators of `AdminAccess`. */
export interface AdminAccessDeps {
  readonly hasher: Pick<Hasher, 'hmac'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Decides who may look into the store. */
export class AdminAccess {
  readonly #deps: AdminAccessDeps;
  readonly #options: AdminAccessOptions;
  readonly #wrong: RateWindow;
  readonly #tried: RateWindow;

  constructor(deps: AdminAccessDeps, options: AdminAccessOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#wrong = new RateWindow(deps.clock, { limit: WRONG_PER_MINUTE, windowMs: MINUTE_MS });
    this.#tried = new RateWindow(deps.clock, { limit: TRIED_PER_MINUTE, windowMs: MINUTE_MS });
  }

  /** Nobody needs a token: a bearer is the credential of a client. */
  get isFree(): boolean {
    return this.#options.local && this.#options.token === undefined;
  }

  /**
   * `forbidden` when there is no token that opens it, `unauthorized` for a missing or wrong one, `throttled` for a wrong
   * one after too many from this address, and for any after far too many.
   */
  async admit(bearer: string | undefined, clientAddress: string): Promise<void> {
    if (this.isFree) return;
    const token = this.requireToken();
    if (bearer === undefined) {
      throw new AppError(
        'unauthorized',
        'The admin interface wants Authorization: Bearer <the admin token>: DASHCACHE_ADMIN_TOKEN has it where the server runs.',
      );
    }
    const isRight = await this.#isSame(bearer, token);
    // From here on nothing is waited for: guesses sent at once are counted one after the other.
    refuseIfFull(this.#tried, clientAddress);
    if (isRight) return;
    this.#tried.count(clientAddress);
    refuseIfFull(this.#wrong, clientAddress);
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
    return equalTexts(
      await this.#deps.hasher.hmac(secret, given),
      await this.#deps.hasher.hmac(secret, token),
    );
  }
}

function refuseIfFull(window: RateWindow, clientAddress: string): void {
  const waitMs = window.waitMs(clientAddress);
  if (waitMs === undefined) return;
  throw new AppError('throttled', 'Too many wrong admin tokens from this address; try again later.', {
    retryAfterMs: waitMs,
  });
}
