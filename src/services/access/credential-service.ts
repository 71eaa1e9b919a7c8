import { LRUCache } from 'lru-cache';
import { AppError, isAppError } from '../../core/errors.ts';
import type { Principal } from '../../core/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FlightCoordinator } from '../../ports/flight-coordinator.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';
import { TransportError } from '../../ports/transport.ts';
import { DeadlineError, withDeadline } from '../limits/deadline.ts';
import type { CredentialStore } from './credential-store.ts';
import { RateWindow } from './rate-window.ts';
import { RefusedAddresses } from './refused-addresses.ts';

export type AuthMode = 'local' | 'passthrough' | 'token';

export interface CredentialOptions {
  readonly mode: AuthMode;
  /** `client`: private to each credential. `shared`: everybody's entries are everybody's. */
  readonly scope: 'client' | 'shared';
  /** Names by token, in `token` mode. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly serverKey: string | undefined;
  /** Where a key was looked for, to say so when there is none. */
  readonly keyPlaces: string;
  /** Keys the fingerprints, so that rows tell nothing about keys. */
  readonly secret: Uint8Array;
}

/** A vendor's verdict on a key: accepted, or its own refusal. */
export type Verdict =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly answer: UpstreamAnswer };

const PROOF_LIFE_MS = 60 * 60 * 1000;
/** While the vendor does not answer, a key proved within this time still gets its hits. */
const PROOF_GRACE_MS = 24 * 60 * 60 * 1000;
const REFUSAL_LIFE_MS = 60 * 1000;
const PROOF_TIMEOUT_MS = 10_000;
/** Some ten thousand principals with keys of the usual length. */
const PRINCIPALS_BYTES = 8 * 1024 * 1024;
/** Proofs that one client address may cause, per second. */
const PROOFS_PER_SECOND = 5;

/** Collaborators of `CredentialService`. */
export interface CredentialServiceDeps {
  readonly store: CredentialStore;
  readonly upstream: ImageUpstream;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly proofs: FlightCoordinator<Verdict>;
  readonly reporter: Reporter;
}

/** Turns a bearer into a principal, and asks the vendor about keys it has not vouched for. */
export class CredentialService {
  readonly #deps: CredentialServiceDeps;
  readonly #options: CredentialOptions;
  /** Principals by bearer: a keyed hash per hit would cost as much as the hit. */
  readonly #principals = new LRUCache<string, Principal>({
    maxSize: PRINCIPALS_BYTES,
    // Anybody may send bearers as long as headers may be.
    sizeCalculation: (_, bearer) => 512 + bearer.length,
  });
  readonly #provenAt = new LRUCache<string, number>({ maxSize: 100_000, sizeCalculation: () => 1 });
  readonly #refused = new LRUCache<string, { at: number; answer: UpstreamAnswer }>({
    maxSize: 10_000,
    sizeCalculation: () => 1,
  });
  readonly #asked: RateWindow;
  readonly #strangers: RefusedAddresses;

  constructor(deps: CredentialServiceDeps, options: CredentialOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#asked = new RateWindow(deps.clock, { limit: PROOFS_PER_SECOND, windowMs: 1_000 });
    this.#strangers = new RefusedAddresses(deps.clock);
  }

  /** `unauthorized` when the bearer is missing, or no token of ours in `token` mode. */
  async identify(bearer: string | undefined): Promise<Principal> {
    const known = this.#principals.get(bearer ?? '');
    if (known !== undefined) return known;
    const principal = await this.#makePrincipal(bearer);
    this.#principals.set(bearer ?? '', principal);
    return principal;
  }

  /** `throttled` when upstream has refused too many keys from this address lately; a key that it has accepted goes on. */
  async admit(principal: Principal, clientAddress: string): Promise<void> {
    const { account, needsProof } = principal;
    if (!needsProof || this.#provenAt.has(account)) return;
    const waitMs = this.#strangers.note(account, clientAddress);
    if (waitMs === undefined || (await this.#deps.store.find(account)) !== undefined) return;
    throw new AppError('throttled', 'Too many refused keys from this address; try again later.', {
      retryAfterMs: waitMs,
    });
  }

  /**
   * Whose entries somebody sees who has not shown a credential of a client's, or this one; undefined when that cannot be
   * told, because entries belong to the clients' credentials.
   */
  async ownScope(bearer: string | undefined): Promise<string | undefined> {
    const { mode, scope } = this.#options;
    if (scope === 'shared') return 'shared';
    return mode === 'local' ? (await this.identify(bearer)).scope : undefined;
  }

  /** The server's own key and the account that it is; undefined when there is none. */
  async ownAccount(): Promise<{ readonly account: string; readonly apiKey: string } | undefined> {
    const { serverKey } = this.#options;
    return serverKey === undefined
      ? undefined
      : { account: await this.#fingerprint(serverKey), apiKey: serverKey };
  }

  /** The key with which this server itself may ask about a purchase's job; undefined when only its client has it. */
  async keyFor({ account, scope }: Pick<Principal, 'account' | 'scope'>): Promise<string | undefined> {
    const { mode } = this.#options;
    const own = await this.ownAccount();
    if (own === undefined || own.account === account || mode === 'token') return own?.apiKey;
    // Another key of this folder has paid for it: the vendor shows tasks to every key of an account.
    const isFolders = mode === 'local' && scope === (await this.#folderScope(own.account));
    return isFolders ? own.apiKey : undefined;
  }

  /** Remembers that the vendor took a call with this key. */
  async accepted(principal: Principal): Promise<void> {
    if (!principal.needsProof) return;
    const at = this.#provenAt.get(principal.account);
    // One write an hour is enough to live through restarts.
    if (at !== undefined && this.#deps.clock.now() - at < PROOF_LIFE_MS / 2) return;
    await this.#remember(principal.account);
  }

  /** Remembers no longer that the vendor takes calls with this key: it has answered one with 401. */
  async refused(principal: Principal): Promise<void> {
    if (!principal.needsProof) return;
    this.#countRefusal(principal.account);
    await this.#forget(principal.account);
  }

  /**
   * The vendor's verdict on the key, from memory or asked now. `proof_unavailable` when it cannot be had and the key was
   * not proved within the last day; `throttled` when this address has had too many keys proved.
   */
  async prove(principal: Principal, clientAddress: string): Promise<Verdict> {
    if (!principal.needsProof) return { accepted: true };
    const now = this.#deps.clock.now();
    const provenAt =
      this.#provenAt.get(principal.account) ?? (await this.#deps.store.find(principal.account));
    if (provenAt !== undefined) {
      this.#provenAt.set(principal.account, provenAt);
      if (now - provenAt < PROOF_LIFE_MS) return { accepted: true };
    }
    const refused = this.#refused.get(principal.account);
    if (refused !== undefined && this.#deps.clock.monotonic() - refused.at < REFUSAL_LIFE_MS)
      return { accepted: false, answer: refused.answer };
    try {
      const { value } = await this.#deps.proofs.run(principal.account, async () => {
        this.#throttle(clientAddress);
        return await this.#ask(principal);
      });
      return value;
    } catch (error) {
      if (!isSilence(error)) throw error;
      if (provenAt !== undefined && now - provenAt < PROOF_GRACE_MS) return { accepted: true };
      throw new AppError(
        'proof_unavailable',
        'The vendor does not answer, so this key could not be checked.',
        {
          cause: error,
          retryAfterMs: 5_000,
        },
      );
    }
  }

  async #makePrincipal(bearer: string | undefined): Promise<Principal> {
    const { mode, tokens, serverKey } = this.#options;
    if (mode === 'token') {
      const name = bearer === undefined ? undefined : await this.#findToken(bearer, tokens);
      if (name === undefined) {
        const what = bearer === undefined ? 'No API-key provided' : 'Invalid API-key provided';
        throw new AppError('unauthorized', `${what}: this server takes only its own tokens.`);
      }
      if (serverKey === undefined) throw this.#noServerKey();
      return this.#principal(`token:${name}`, serverKey, false);
    }
    if (mode === 'passthrough') {
      if (bearer === undefined) throw new AppError('unauthorized', 'No API-key provided.');
      return this.#principal(undefined, bearer, true);
    }
    const apiKey = bearer ?? serverKey;
    if (apiKey === undefined) throw this.#noServerKey();
    // Who brings the server's own key is nobody else than who brings none.
    const isFolders = apiKey === serverKey;
    const scope = isFolders ? await this.#folderScope(await this.#fingerprint(apiKey)) : undefined;
    return this.#principal(scope, apiKey, false);
  }

  /** Changing the server's key leaves it as it is. A disk that is full leaves it unnamed, for as long as it is. */
  async #folderScope(account: string): Promise<string> {
    const candidate = `key:${account}`;
    try {
      return await this.#deps.store.folderScope(candidate);
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'folder scope', cause });
      return candidate;
    }
  }

  async #principal(scope: string | undefined, apiKey: string, needsProof: boolean): Promise<Principal> {
    const account = await this.#fingerprint(apiKey);
    const own = scope ?? `key:${account}`;
    return { scope: this.#options.scope === 'shared' ? 'shared' : own, apiKey, account, needsProof };
  }

  async #fingerprint(text: string): Promise<string> {
    return (await this.#deps.hasher.hmac(this.#options.secret, text)).slice(0, 32);
  }

  /** Compares keyed hashes, whose first difference tells nothing about the token. */
  async #findToken(bearer: string, tokens: ReadonlyMap<string, string>): Promise<string | undefined> {
    const given = await this.#deps.hasher.hmac(this.#options.secret, bearer);
    let found: string | undefined;
    for (const [token, name] of tokens) {
      if ((await this.#deps.hasher.hmac(this.#options.secret, token)) === given) found = name;
    }
    return found;
  }

  async #ask(principal: Principal): Promise<Verdict> {
    const answer = await withDeadline(this.#deps.clock, PROOF_TIMEOUT_MS, (signal) =>
      this.#deps.upstream.prove(principal.apiKey, signal),
    );
    if (answer.status >= 200 && answer.status < 300) {
      await this.#remember(principal.account);
      return { accepted: true };
    }
    if (answer.status === 401 || answer.status === 403) {
      this.#refused.set(principal.account, { at: this.#deps.clock.monotonic(), answer });
      this.#countRefusal(principal.account);
      await this.#forget(principal.account);
      return { accepted: false, answer };
    }
    // 429, 5xx: no verdict.
    throw new TransportError(`the vendor answered ${answer.status} to a proof`, true);
  }

  #countRefusal(account: string): void {
    // A key that was accepted before is no stranger's.
    if (!this.#provenAt.has(account)) this.#strangers.count(account);
  }

  async #forget(account: string): Promise<void> {
    this.#provenAt.delete(account);
    await this.#noted(this.#deps.store.forget(account));
  }

  async #remember(account: string): Promise<void> {
    const now = this.#deps.clock.now();
    this.#provenAt.set(account, now);
    this.#refused.delete(account);
    await this.#noted(this.#deps.store.proven(account, now));
  }

  /** Memory knows it already: that it cannot be written down is no reason to withhold what was paid for. */
  async #noted(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'credential record', cause });
    }
  }

  #throttle(clientAddress: string): void {
    if (this.#asked.waitMs(clientAddress) !== undefined) {
      throw new AppError('throttled', 'Too many new keys from this address; try again in a second.', {
        retryAfterMs: 1_000,
      });
    }
    this.#asked.count(clientAddress);
  }

  #noServerKey(): AppError {
    return new AppError(
      'unauthorized',
      `No API-key provided, and the server has none: ${this.#options.keyPlaces}.`,
    );
  }
}

/** The vendor gave no verdict: no answer, none in time, or one that cannot be read. */
function isSilence(error: unknown): boolean {
  return (
    error instanceof TransportError || error instanceof DeadlineError || isAppError(error, 'upstream_invalid')
  );
}
