import { type LookupPlan, planLookup } from '../../core/cache/cache-policy.ts';
import type { CacheStatus } from '../../core/cache/cache-status.ts';
import { type Directives, isFresh, NO_DIRECTIVES } from '../../core/cache/directives.ts';
import type { SeedlessPolicy } from '../../core/cache/seedless.ts';
import type { Entry } from '../../core/entries/entry.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EntryFinder } from '../entries/entry-finder.ts';
import type { ForwardReason, ImageOutcome, ImageRequest, StartedRequest } from '../image-request.ts';
import { Flight, type FlightOutcome } from './flight.ts';
import type { FlightRegistry } from './flight-registry.ts';
import type { StageListener } from './flight-stage.ts';
import { FlightWaiter } from './flight-waiter.ts';
import { newPurchase } from './purchase.ts';
import { PurchaseRecord, type PurchaseRecordDeps } from './purchase-record.ts';
import type { TaskFollower } from './task-follower.ts';

export interface ImageServiceOptions {
  readonly seedless: SeedlessPolicy;
}

/** Collaborators of `ImageService`. */
export interface ImageServiceDeps {
  readonly finder: EntryFinder;
  readonly registry: FlightRegistry;
  readonly follower: Pick<TaskFollower, 'stop'>;
  readonly recording: PurchaseRecordDeps;
  readonly clock: Clock;
}

/** The life of one request: lookup, then a place in a flight. */
export class ImageService {
  readonly #deps: ImageServiceDeps;
  readonly #options: ImageServiceOptions;
  #closing = false;

  constructor(deps: ImageServiceDeps, options: ImageServiceOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** The stored entry, or the one that this or another's flight buys, or upstream's refusal. */
  async generate(request: ImageRequest, onStage?: StageListener): Promise<ImageOutcome> {
    return await this.finish(request, await this.start(request), onStage);
  }

  /** The end of what `start` began. */
  async finish(
    request: ImageRequest,
    started: StartedRequest,
    onStage?: StageListener,
  ): Promise<ImageOutcome> {
    if ('hit' in started) return started.hit;
    if (onStage !== undefined) started.waiter.watch(onStage);
    if (request.hangUp !== undefined) started.waiter.giveUpOn(request.hangUp);
    return await started.outcome;
  }

  /** The beginning of `generate`, for those who answer before the end: from here on the request goes nowhere else. */
  async start(request: ImageRequest): Promise<StartedRequest> {
    const plan = planLookup(request.recipe.seedless, request.directives, this.#options.seedless);
    let fwd: ForwardReason = plan.reads ? 'miss' : 'bypass';
    if (plan.reads) {
      const entry = await this.#deps.finder.find(request, plan.rotates);
      if (entry !== undefined && this.#isFresh(entry, request.directives)) {
        return { hit: this.#hit(entry, !plan.rotates && request.directives === NO_DIRECTIVES) };
      }
      if (entry !== undefined) fwd = 'stale';
    }
    if (request.directives.onlyIfCached) throw await this.#notCached(request);
    await this.#deps.registry.ensureOwner(request);
    if (this.#closing)
      throw new AppError('shutting_down', 'The server is stopping; try again.', { retryAfterMs: 1_000 });
    const waiter = new FlightWaiter();
    return { waiter, fwd, outcome: this.#fly(request, plan, fwd, waiter) };
  }

  /** A stored entry for a request, if there is one, without buying and without counting it as used. */
  async peek(request: ImageRequest): Promise<Entry | undefined> {
    const { reads } = planLookup(request.recipe.seedless, request.directives, this.#options.seedless);
    return reads ? await this.#deps.finder.find(request, false) : undefined;
  }

  /**
   * Refuses new flights, takes back what is not sent, leaves jobs to the next start, and waits for what is drawn and what is
   * fetched.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#deps.registry.withdrawUnsent();
    this.#deps.follower.stop();
    await this.#deps.registry.settled();
  }

  /** From now on no flight is taken. */
  get isClosing(): boolean {
    return this.#closing;
  }

  get flights(): number {
    return this.#deps.registry.size;
  }

  #isFresh(entry: Entry, directives: Directives): boolean {
    return isFresh(this.#ageSeconds(entry), directives);
  }

  #ageSeconds(entry: Entry): number {
    return Math.max(0, Math.floor((this.#deps.clock.now() - entry.createdAt) / 1000));
  }

  #hit(entry: Entry, repeatable: boolean): ImageOutcome {
    this.#deps.finder.used(entry);
    return { kind: 'entry', entry, status: { kind: 'hit', ageSeconds: this.#ageSeconds(entry) }, repeatable };
  }

  async #notCached(request: ImageRequest): Promise<AppError> {
    const nearest = await this.#deps.finder.describeNearest(request);
    return new AppError('not_cached', `Nothing stored answers this request. ${nearest}`);
  }

  async #fly(
    request: ImageRequest,
    plan: Omit<LookupPlan, 'rotates'>,
    fwd: ForwardReason,
    waiter: FlightWaiter,
  ): Promise<ImageOutcome> {
    const { directives, recipe } = request;
    const wanted = plan.joins
      ? { ...request, canonical: recipe.canonical, take: directives.take }
      : undefined;
    const flight = await this.#deps.registry.board(wanted, waiter, () => this.#begin(request, plan, fwd));
    const again = () => this.#fly(request, plan, fwd, waiter);
    // What is about another account says nothing of this one.
    const isOthers = waiter.joined && flight.record.row.account !== request.account;
    let value: FlightOutcome;
    try {
      value = await flight.outcome;
    } catch (error) {
      if (isOthers && isAppError(error, 'overloaded')) return await again();
      throw error;
    }
    if (value.kind === 'relay') {
      if (isOthers && value.isAccounts) return await again();
      return { kind: 'relay', answer: value.answer, status: relayStatus(value, fwd, waiter.joined) };
    }
    // Another purchase was stored as the take that this one should have become.
    const isOtherTake =
      waiter.joined && directives.take !== undefined && value.entry.take !== directives.take;
    if (isOtherTake) return await again();
    if (value.kind === 'found') {
      // Found by the flight's leader, who may have been content with an older one.
      if (this.#isFresh(value.entry, directives)) return this.#hit(value.entry, false);
      return await this.#fly(request, { reads: false, joins: false, leads: false }, fwd, waiter);
    }
    if (waiter.joined) this.#deps.finder.used(value.entry);
    return {
      kind: 'entry',
      entry: value.entry,
      status: { kind: 'forwarded', fwd, stored: true, collapsed: waiter.joined },
      repeatable: false,
    };
  }

  #begin(request: ImageRequest, plan: Omit<LookupPlan, 'rotates'>, fwd: ForwardReason): Flight {
    const { site, scope, key, account, apiKey, recipe, references, directives } = request;
    const { canonical, model, prompt } = recipe;
    const { take } = directives;
    const { clock, recording, finder } = this.#deps;
    const identity = { site, scope, key, canonical, model, prompt, take, references };
    const record = PurchaseRecord.begin(
      recording,
      newPurchase({
        id: clock.uuid(),
        ...{ site, scope, key, model, account },
        // What was asked not to be stored leaves no words behind.
        identity: directives.noStore ? undefined : identity,
        createdAt: clock.now(),
      }),
    );
    const order = {
      findAgain: async () => {
        const entry = plan.reads ? await finder.find(request, false) : undefined;
        return entry !== undefined && this.#isFresh(entry, directives) ? entry : undefined;
      },
      call: () => request.call(fwd),
      isSync: !request.isAsyncUpstream,
      mustRecord: request.mustRecord === true,
    };
    return new Flight(record, {
      order,
      apiKey,
      sharing: { take, isFirst: fwd === 'miss', isOpen: plan.leads },
    });
  }
}

function relayStatus(
  { answer, detail }: Extract<FlightOutcome, { kind: 'relay' }>,
  fwd: ForwardReason,
  collapsed: boolean,
): CacheStatus {
  const fwdStatus = answer.status === 200 ? undefined : answer.status;
  return { kind: 'forwarded', fwd, fwdStatus, stored: false, collapsed, detail };
}
