import { equalTexts } from '../../core/bytes/equal-texts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { SqlDatabase } from '../../ports/sql-database.ts';
import { sessionStatements } from './session-statements.ts';

export interface AdminSessionOptions {
  /** The admin token: another one ends every session. */
  readonly token: string | undefined;
  /** Keys the sessions' signatures. */
  readonly secret: Uint8Array;
}

/** A day's work; then the token is asked for again. */
const LIFE_MS = 12 * 60 * 60 * 1000;

/** `<end>.<nonce>.<signature>` */
const SESSION = /^(\d{1,15})\.([0-9a-f-]{36})\.([0-9a-f]{64})$/;

/** What a cookie says that was signed here. */
interface SignedSession {
  readonly end: number;
  readonly nonce: string;
}

/** Collaborators of `AdminSessions`. */
export interface AdminSessionsDeps {
  readonly database: SqlDatabase;
  readonly hasher: Pick<Hasher, 'hmac'>;
  readonly clock: Pick<Clock, 'now' | 'uuid'>;
}

/**
 * Stands for the admin token in a browser, so that the token itself is kept in no cookie. A session is signed, and only
 * its end before its time is remembered: it outlives a restart, and ends by its time, with the token, or at a logout.
 */
export class AdminSessions {
  readonly #deps: AdminSessionsDeps;
  /** Seconds from a login to the next. */
  readonly lifeSeconds = LIFE_MS / 1000;
  readonly #options: AdminSessionOptions;

  constructor(deps: AdminSessionsDeps, options: AdminSessionOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** A new session, for somebody who has just shown the token. */
  async open(): Promise<string> {
    const end = String(this.#deps.clock.now() + LIFE_MS);
    const nonce = this.#deps.clock.uuid();
    return `${end}.${nonce}.${await this.#sign(end, nonce)}`;
  }

  /** Whether this is a session of ours that has not ended. */
  async isOpen(session: string): Promise<boolean> {
    const signed = await this.#read(session);
    if (signed === undefined) return false;
    return (await this.#deps.database.all(sessionStatements.find(signed.nonce))).length === 0;
  }

  /** Ends a session wherever there are copies of it; what is none of ours is left alone. */
  async end(session: string): Promise<void> {
    const signed = await this.#read(session);
    if (signed === undefined) return;
    await this.#deps.database.batch([
      sessionStatements.prune(this.#deps.clock.now()),
      sessionStatements.end(signed.nonce, signed.end),
    ]);
  }

  /** Undefined unless it is signed here and its time has not come. */
  async #read(session: string): Promise<SignedSession | undefined> {
    const [, end = '', nonce = '', signature = ''] = SESSION.exec(session) ?? [];
    if (signature === '' || this.#options.token === undefined) return undefined;
    const isOurs = equalTexts(signature, await this.#sign(end, nonce));
    return isOurs && Number(end) > this.#deps.clock.now() ? { end: Number(end), nonce } : undefined;
  }

  /** No bearer has a space in it, so no signature is the fingerprint of any credential. */
  #sign(end: string, nonce: string): Promise<string> {
    return this.#deps.hasher.hmac(
      this.#options.secret,
      `admin session ${end} ${nonce} ${this.#options.token}`,
    );
  }
}
