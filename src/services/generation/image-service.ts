import { type LookupPlan, planLookup } from '../../core/cache/cache-policy.ts';
import { type Directives, NO_DIRECTIVES } from '../../core/cache/directives.ts';
import type { SeedlessPolicy } from '../../core/cache/seedless.ts';
import type { Entry } from '../../core/entries/entry.ts';
import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EntryFinder } from '../entries/entry-finder.ts';
import { flightKey } from '../flights/flight-key.ts';
import type { FlightProgress } from '../flights/flight-progress.ts';
import type { FlightRegistry } from '../flights/flight-registry.ts';
import type { StageListener } from '../flights/flight-stage.ts';
import { FlightWaiter } from '../flights/flight-waiter.ts';
import type {
  FlightOutcome,
  ForwardReason,
  ImageOutcome,
  ImageRequest,
  StartedRequest,
} from '../image-request.ts';
import type { TaskRecovery } from '../tasks/task-recovery.ts';
import type { GenerationRunner } from './generation-runner.ts';

export interface ImageServiceOptions {
  readonly seedless: SeedlessPolicy;
}

/** Collaborators of `ImageService`. */
export interface ImageServiceDeps {
  readonly finder: EntryFinder;
  readonly board: FlightRegistry;
  readonly purchasing: GenerationRunner;
  readonly jobs: Pick<TaskRecovery, 'resumeLeft'>;
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
    if (onStage !== undefined) started.ticket.watch(onStage);
    if (request.hangUp !== undefined) started.ticket.giveUpOn(request.hangUp);
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
    await this.#deps.board.ensureOwner(request);
    if (fwd === 'miss') await this.#deps.jobs.resumeLeft(request);
    if (this.#closing)
      throw new AppError('shutting_down', 'The server is stopping; try again.', { retryAfterMs: 1_000 });
    const ticket = new FlightWaiter();
    return { ticket, fwd, outcome: this.#fly(request, plan, fwd, ticket) };
  }

  /** A stored entry for a request, if there is one, without buying and without counting it as used. */
  async peek(request: ImageRequest): Promise<Entry | undefined> {
    const { reads } = planLookup(request.recipe.seedless, request.directives, this.#options.seedless);
    return reads ? await this.#deps.finder.find(request, false) : undefined;
  }

  /** Refuses new flights and waits for those in the air. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#deps.board.settled();
  }

  /** From now on no flight is taken. */
  get isClosing(): boolean {
    return this.#closing;
  }

  get flights(): number {
    return this.#deps.board.size;
  }

  #isFresh(entry: Entry, directives: Directives): boolean {
    const { maxAgeSeconds } = directives;
    return maxAgeSeconds === undefined || this.#ageSeconds(entry) <= maxAgeSeconds;
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
    ticket: FlightWaiter,
  ): Promise<ImageOutcome> {
    const { directives, recipe } = request;
    const name = flightKey(request, directives.take);
    const draw = (progress: FlightProgress) => this.#draw(request, plan.reads, fwd, progress);
    const { value, collapsed } = await this.#deps.board.board(name, recipe.canonical, ticket, plan, draw);
    const { canonical } = value.kind === 'relay' ? value : value.entry;
    // Of a flight that the board does not know, the name alone was looked at.
    if (canonical !== undefined && canonical !== recipe.canonical)
      return await this.#fly(request, { ...plan, joins: false, leads: false }, fwd, ticket);
    if (value.kind === 'relay') {
      const { answer, detail } = value;
      const fwdStatus = answer.status === 200 ? undefined : answer.status;
      return {
        kind: 'relay',
        answer,
        status: { kind: 'forwarded', fwd, fwdStatus, stored: false, collapsed, detail },
      };
    }
    if (value.kind === 'found') {
      // Found by the flight's leader, who may have been content with an older one.
      if (this.#isFresh(value.entry, directives)) return this.#hit(value.entry, false);
      return await this.#fly(request, { reads: false, joins: false, leads: false }, fwd, ticket);
    }
    if (collapsed) this.#deps.finder.used(value.entry);
    return {
      kind: 'entry',
      entry: value.entry,
      status: { kind: 'forwarded', fwd, stored: true, collapsed },
      repeatable: false,
    };
  }

  async #draw(
    request: ImageRequest,
    reads: boolean,
    fwd: ForwardReason,
    progress: FlightProgress,
  ): Promise<FlightOutcome> {
    if (reads) {
      // The flight before this one may have landed between our lookup and now.
      const entry = await this.#deps.finder.find(request, false);
      if (entry !== undefined && this.#isFresh(entry, request.directives)) return { kind: 'found', entry };
    }
    return await this.#deps.purchasing.purchase(request, fwd, progress);
  }
}
