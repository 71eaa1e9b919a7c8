import { type Answer, readAnswer } from '../core/answer.ts';
import { type LookupPlan, planLookup } from '../core/cache-policy.ts';
import type { CacheStatus } from '../core/cache-status.ts';
import { type Directives, NO_DIRECTIVES } from '../core/directives.ts';
import type { Entry, ReferenceUse } from '../core/entry.ts';
import { AppError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-text.ts';
import type { Recipe } from '../core/recipe.ts';
import type { SeedlessPolicy } from '../core/seedless.ts';
import { isVendorSite } from '../core/site.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlightCoordinator } from '../ports/flight-coordinator.ts';
import type { GenerationCall, UpstreamAnswer } from '../ports/image-upstream.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { AttemptStore } from './attempt-store.ts';
import type { Buyer } from './buyer.ts';
import type { EntryFinder } from './entry-finder.ts';
import { flightName } from './flight-name.ts';
import type { EntryIdentity, Keeper } from './keeper.ts';

/** One request for a picture, in no dialect. */
export interface ImageRequest {
  readonly recipe: Recipe;
  readonly key: string;
  readonly site: string;
  readonly scope: string;
  readonly directives: Directives;
  readonly references: readonly ReferenceUse[];
  /** Whose limits upstream counts it against. */
  readonly account: string;
  /** Makes what is sent on a miss, told why it is sent; not called on a hit or when another's flight is joined. */
  readonly call: (reason: ForwardReason) => Promise<GenerationCall>;
}

/** As in `CacheStatus`. */
export type ForwardReason = 'miss' | 'bypass' | 'stale';

export type ImageOutcome =
  | {
      readonly kind: 'entry';
      readonly entry: Entry;
      readonly status: CacheStatus;
      /** The same request would get this entry again, as long as it is the newest. */
      readonly repeatable: boolean;
    }
  /** Upstream's own answer: a refusal, or a success that was not kept. */
  | { readonly kind: 'relay'; readonly answer: UpstreamAnswer; readonly status: CacheStatus };

/** What a flight brings home: plain data, read by every waiter. */
export type FlightOutcome =
  | { readonly kind: 'bought'; readonly entry: Entry }
  /** Somebody else's flight had stored it in the meantime. */
  | { readonly kind: 'found'; readonly entry: Entry }
  | { readonly kind: 'relay'; readonly answer: UpstreamAnswer; readonly detail: string | undefined };

export interface ImageServiceOptions {
  readonly seedless: SeedlessPolicy;
}

/** Lookup, flight, purchase, persistence: the life of one request. */
export class ImageService {
  readonly #finder: EntryFinder;
  readonly #buyer: Buyer;
  readonly #keeper: Keeper;
  readonly #attempts: AttemptStore;
  readonly #flights: FlightCoordinator<FlightOutcome>;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #options: ImageServiceOptions;
  #closing = false;

  constructor(
    parts: {
      finder: EntryFinder;
      buyer: Buyer;
      keeper: Keeper;
      attempts: AttemptStore;
      flights: FlightCoordinator<FlightOutcome>;
      clock: Clock;
      reporter: Reporter;
    },
    options: ImageServiceOptions,
  ) {
    this.#finder = parts.finder;
    this.#buyer = parts.buyer;
    this.#keeper = parts.keeper;
    this.#attempts = parts.attempts;
    this.#flights = parts.flights;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
    this.#options = options;
  }

  /** The stored entry, or the one that this or another's flight buys, or upstream's refusal. */
  async generate(request: ImageRequest): Promise<ImageOutcome> {
    const plan = planLookup(request.recipe.seedless, request.directives, this.#options.seedless);
    let fwd: ForwardReason = plan.reads ? 'miss' : 'bypass';
    if (plan.reads) {
      const entry = await this.#finder.find(request, plan.rotates);
      if (entry !== undefined && this.#isFresh(entry, request.directives)) {
        return this.#hit(entry, !plan.rotates && request.directives === NO_DIRECTIVES);
      }
      if (entry !== undefined) fwd = 'stale';
    }
    if (request.directives.onlyIfCached) throw await this.#notCached(request);
    if (this.#closing)
      throw new AppError('shutting_down', 'The server is stopping; try again.', { retryAfterMs: 1_000 });
    return await this.#fly(request, plan, fwd);
  }

  /** A stored entry for a request, if there is one, without buying and without counting it as used. */
  async peek(request: ImageRequest): Promise<Entry | undefined> {
    const { reads } = planLookup(request.recipe.seedless, request.directives, this.#options.seedless);
    return reads ? await this.#finder.find(request, false) : undefined;
  }

  /** Refuses new flights and waits for those in the air. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#flights.settled();
  }

  get flights(): number {
    return this.#flights.size;
  }

  #isFresh(entry: Entry, directives: Directives): boolean {
    const { maxAgeSeconds } = directives;
    return maxAgeSeconds === undefined || this.#ageSeconds(entry) <= maxAgeSeconds;
  }

  #ageSeconds(entry: Entry): number {
    return Math.max(0, Math.floor((this.#clock.now() - entry.createdAt) / 1000));
  }

  #hit(entry: Entry, repeatable: boolean): ImageOutcome {
    this.#finder.used(entry);
    return { kind: 'entry', entry, status: { kind: 'hit', ageSeconds: this.#ageSeconds(entry) }, repeatable };
  }

  async #notCached(request: ImageRequest): Promise<AppError> {
    const nearest = await this.#finder.describeNearest(request);
    return new AppError('not_cached', `Nothing stored answers this request. ${nearest}`);
  }

  async #fly(
    request: ImageRequest,
    plan: Pick<LookupPlan, 'reads' | 'joins' | 'leads'>,
    fwd: ForwardReason,
  ): Promise<ImageOutcome> {
    const { directives } = request;
    const name = flightName(request, directives.take);
    const { value, collapsed } = await this.#flights.run(name, () => this.#work(request, plan.reads, fwd), {
      join: plan.joins,
      lead: plan.leads,
    });
    if (value.kind === 'relay') {
      const { answer, detail } = value;
      const fwdStatus = answer.status === 200 ? undefined : answer.status;
      return {
        kind: 'relay',
        answer,
        status: { kind: 'forwarded', fwd, fwdStatus, stored: false, collapsed, detail },
      };
    }
    if (value.entry.canonical !== request.recipe.canonical)
      return await this.#fly(request, { ...plan, joins: false, leads: false }, fwd);
    if (value.kind === 'found') {
      // Found by the flight's leader, who may have been content with an older one.
      if (this.#isFresh(value.entry, directives)) return this.#hit(value.entry, false);
      return await this.#fly(request, { reads: false, joins: false, leads: false }, fwd);
    }
    if (collapsed) this.#finder.used(value.entry);
    return {
      kind: 'entry',
      entry: value.entry,
      status: { kind: 'forwarded', fwd, stored: true, collapsed },
      repeatable: false,
    };
  }

  async #work(request: ImageRequest, reads: boolean, fwd: ForwardReason): Promise<FlightOutcome> {
    if (reads) {
      // The flight before this one may have landed between our lookup and now.
      const entry = await this.#finder.find(request, false);
      if (entry !== undefined && this.#isFresh(entry, request.directives)) return { kind: 'found', entry };
    }
    const attemptId = this.#clock.uuid();
    const identity = identityOf(request);
    const { noStore } = request.directives;
    const { answer, elapsedMs } = await this.#buyer.buy({
      call: await request.call(fwd),
      account: request.account,
      attempt: {
        id: attemptId,
        site: request.site,
        scope: request.scope,
        key: request.key,
        model: request.recipe.model,
        // What was asked not to be stored leaves no words behind.
        recipe: noStore ? undefined : JSON.stringify(identity),
        createdAt: this.#clock.now(),
      },
    });
    const read = answer.status === 200 ? readBody(answer) : undefined;
    if (read === undefined || 'refusal' in read) {
      // 504, or a 200 that cannot be read: it may have been drawn and paid for.
      const unclear = answer.status === 504 || answer.status === 200;
      const isUnknown = read === undefined && unclear;
      await this.#finish(attemptId, isUnknown ? 'unknown' : 'refused', { status: answer.status });
      if (isUnknown) {
        const cause = `upstream answered ${answer.status}`;
        this.#reporter.report({ type: 'outcome-unknown', attemptId, model: request.recipe.model, cause });
      }
      return { kind: 'relay', answer, detail: undefined };
    }
    if (read.imageUrls.length === 0) {
      await this.#finish(attemptId, 'failed', { status: 200, error: 'no image' });
      throw noImage(read);
    }
    if (noStore) {
      await this.#finish(attemptId, 'unstored', { status: 200 });
      return { kind: 'relay', answer, detail: 'no-store' };
    }
    return await this.#keep({ request, attemptId, identity, answer, read, elapsedMs });
  }

  async #keep(paid: {
    request: ImageRequest;
    attemptId: string;
    identity: EntryIdentity;
    answer: UpstreamAnswer;
    read: Answer;
    elapsedMs: number;
  }): Promise<FlightOutcome> {
    const { request, attemptId, identity, answer, read, elapsedMs } = paid;
    try {
      if (answer.simulated && isVendorSite(request.site)) {
        throw new AppError(
          'upstream_invalid',
          `A simulator drew this; it is not stored as a picture of ${request.site}.`,
        );
      }
      await this.#attempts.answered(attemptId, new TextDecoder().decode(answer.body), this.#clock.now());
      const entry = await this.#keeper.keep({
        attemptId,
        identity,
        imageUrls: read.imageUrls,
        template: read.template,
        usage: read.usage,
        upstreamRequestId: read.requestId,
        elapsedMs,
      });
      return { kind: 'bought', entry };
    } catch (cause) {
      // A paid picture is never withheld: the client gets upstream's own URLs, which live for a day.
      const reason = cause instanceof AppError ? cause.code : 'failure';
      this.#reporter.report({ type: 'not-stored', model: identity.model, reason, cause });
      await this.#finish(attemptId, 'unstored', { status: 200, error: reason });
      return { kind: 'relay', answer, detail: 'not stored' };
    }
  }

  /** An attempt that cannot be closed stays open and is read as unknown at the next start; the answer goes out all the same. */
  async #finish(
    id: string,
    state: 'refused' | 'failed' | 'unstored' | 'unknown',
    facts: { status?: number; error?: string },
  ): Promise<void> {
    try {
      await this.#attempts.finish(id, { ...facts, state, at: this.#clock.now() });
    } catch (cause) {
      this.#reporter.report({ type: 'failure', where: 'attempt record', cause });
    }
  }
}

function identityOf({ site, scope, key, recipe, directives, references }: ImageRequest): EntryIdentity {
  const { canonical, model, prompt } = recipe;
  return { site, scope, key, canonical, model, prompt, take: directives.take, references };
}

/** The success in a 200; undefined when it is no JSON at all. */
function readBody(answer: UpstreamAnswer): ReturnType<typeof readAnswer> | undefined {
  const text = new TextDecoder().decode(answer.body);
  try {
    const value: JsonValue = JSON.parse(text);
    return readAnswer(text, value);
  } catch {
    return undefined;
  }
}

function noImage({ texts }: Answer): AppError {
  const said = texts.length === 0 ? '' : ` It said: ${texts.join(' ').slice(0, 300)}`;
  return new AppError('no_image', `Upstream reported success but sent no image; nothing was stored.${said}`);
}
