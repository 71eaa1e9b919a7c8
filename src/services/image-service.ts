import { type LookupPlan, planLookup } from '../core/cache-policy.ts';
import { type Directives, NO_DIRECTIVES } from '../core/directives.ts';
import type { Entry } from '../core/entry.ts';
import { AppError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-text.ts';
import type { SeedlessPolicy } from '../core/seedless.ts';
import { readTaskId } from '../core/vendor-task.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlightCoordinator, FlightResult } from '../ports/flight-coordinator.ts';
import type { UpstreamAnswer } from '../ports/image-upstream.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { Attempt, AttemptStore, NewAttempt } from './attempt-store.ts';
import type { Buyer } from './buyer.ts';
import type { EntryFinder } from './entry-finder.ts';
import { type EntryIdentity, readIdentity } from './entry-identity.ts';
import { flightName } from './flight-name.ts';
import { FlightProgress } from './flight-progress.ts';
import type {
  FlightOutcome,
  ForwardReason,
  ImageOutcome,
  ImageRequest,
  StartedRequest,
} from './image-request.ts';
import type { Settlement } from './settlement.ts';
import type { TaskFollower } from './task-follower.ts';

export interface ImageServiceOptions {
  readonly seedless: SeedlessPolicy;
}

/** Lookup, flight, purchase, persistence: the life of one request. */
export class ImageService {
  readonly #finder: EntryFinder;
  readonly #buyer: Buyer;
  readonly #settlement: Settlement;
  readonly #follower: TaskFollower;
  readonly #attempts: AttemptStore;
  readonly #flights: FlightCoordinator<FlightOutcome>;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #options: ImageServiceOptions;
  /** By flight name, while the flight is in the air. */
  readonly #progress = new Map<string, FlightProgress>();
  /** By attempt, also those that nobody can join. */
  readonly #byAttempt = new Map<string, FlightProgress>();
  #closing = false;

  constructor(
    parts: {
      finder: EntryFinder;
      buyer: Buyer;
      settlement: Settlement;
      follower: TaskFollower;
      attempts: AttemptStore;
      flights: FlightCoordinator<FlightOutcome>;
      clock: Clock;
      reporter: Reporter;
    },
    options: ImageServiceOptions,
  ) {
    this.#finder = parts.finder;
    this.#buyer = parts.buyer;
    this.#settlement = parts.settlement;
    this.#follower = parts.follower;
    this.#attempts = parts.attempts;
    this.#flights = parts.flights;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
    this.#options = options;
  }

  /** The stored entry, or the one that this or another's flight buys, or upstream's refusal. */
  async generate(request: ImageRequest): Promise<ImageOutcome> {
    const started = await this.start(request);
    return 'hit' in started ? started.hit : await started.outcome;
  }

  /** Like `generate`, for those who do not wait for the end. */
  async start(request: ImageRequest): Promise<StartedRequest> {
    const plan = planLookup(request.recipe.seedless, request.directives, this.#options.seedless);
    let fwd: ForwardReason = plan.reads ? 'miss' : 'bypass';
    if (plan.reads) {
      const entry = await this.#finder.find(request, plan.rotates);
      if (entry !== undefined && this.#isFresh(entry, request.directives)) {
        return { hit: this.#hit(entry, !plan.rotates && request.directives === NO_DIRECTIVES) };
      }
      if (entry !== undefined) fwd = 'stale';
    }
    if (request.directives.onlyIfCached) throw await this.#notCached(request);
    if (this.#closing)
      throw new AppError('shutting_down', 'The server is stopping; try again.', { retryAfterMs: 1_000 });
    const known = plan.joins ? this.#progress.get(flightName(request, request.directives.take)) : undefined;
    const actual = known?.isCanceled === true ? { ...plan, joins: false } : plan;
    const progress = this.#progressFor(request, actual);
    progress.interested += 1;
    return { progress, outcome: this.#fly(request, actual, fwd, progress) };
  }

  /** How far the flight of an attempt has come; undefined when there is none in this process. */
  progressOf(attemptId: string): FlightProgress | undefined {
    return this.#byAttempt.get(attemptId);
  }

  /**
   * Goes on with a task that the vendor had taken before this process began: a flight like any other, which requests
   * join, unless it must not be stored. `interested` is how many tasks wait for it. Undefined when it is in the air
   * already, or is no task of the vendor's.
   */
  resume(attempt: Attempt, apiKey: string, interested: number): Promise<FlightOutcome> | undefined {
    const { id, upstreamTask, account, model } = attempt;
    if (upstreamTask === undefined || this.#byAttempt.has(id)) return undefined;
    const known = readIdentity(attempt);
    const { site, scope, key } = attempt;
    const nameless = { site, scope, key, model, canonical: '', prompt: '', take: undefined, references: [] };
    const progress = new FlightProgress();
    progress.interested = interested;
    this.#begin(progress, id);
    const name = flightName(attempt, known?.take);
    const plan = { joins: false, leads: known !== undefined };
    if (plan.leads && !this.#progress.has(name)) this.#progress.set(name, progress);
    const task = { id: upstreamTask, apiKey, account, model };
    const delivered = {
      attemptId: id,
      identity: known ?? nameless,
      simulated: false,
      unstorable: known === undefined ? 'no-store' : undefined,
    };
    const work = () => this.#follower.follow(task, delivered, progress);
    return this.#run(name, progress, plan, work).then(({ value }) => value);
  }

  async #run(
    name: string,
    progress: FlightProgress,
    plan: Pick<LookupPlan, 'joins' | 'leads'>,
    work: () => Promise<FlightOutcome>,
  ): Promise<FlightResult<FlightOutcome>> {
    try {
      return await this.#flights.run(name, work, { join: plan.joins, lead: plan.leads });
    } finally {
      if (this.#progress.get(name) === progress) this.#progress.delete(name);
      if (progress.attemptId !== undefined) this.#byAttempt.delete(progress.attemptId);
    }
  }

  #begin(progress: FlightProgress, attemptId: string): void {
    progress.attemptId = attemptId;
    this.#byAttempt.set(attemptId, progress);
  }

  /** The progress of the flight that this request will join, or of its own. */
  #progressFor(request: ImageRequest, plan: Pick<LookupPlan, 'joins' | 'leads'>): FlightProgress {
    const name = flightName(request, request.directives.take);
    const known = plan.joins ? this.#progress.get(name) : undefined;
    if (known !== undefined) return known;
    const progress = new FlightProgress();
    if (plan.leads && !this.#progress.has(name)) this.#progress.set(name, progress);
    return progress;
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
    progress: FlightProgress,
  ): Promise<ImageOutcome> {
    const { directives } = request;
    const name = flightName(request, directives.take);
    const { value, collapsed } = await this.#run(name, progress, plan, () =>
      this.#work(request, plan.reads, fwd, progress),
    );
    const { canonical } = value.kind === 'relay' ? value : value.entry;
    // The flight's name holds the key only, and its hash may collide.
    if (canonical !== undefined && canonical !== request.recipe.canonical)
      return await this.#fly(request, { ...plan, joins: false, leads: false }, fwd, progress);
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
      return await this.#fly(request, { reads: false, joins: false, leads: false }, fwd, progress);
    }
    if (collapsed) this.#finder.used(value.entry);
    return {
      kind: 'entry',
      entry: value.entry,
      status: { kind: 'forwarded', fwd, stored: true, collapsed },
      repeatable: false,
    };
  }

  async #work(
    request: ImageRequest,
    reads: boolean,
    fwd: ForwardReason,
    progress: FlightProgress,
  ): Promise<FlightOutcome> {
    if (reads) {
      // The flight before this one may have landed between our lookup and now.
      const entry = await this.#finder.find(request, false);
      if (entry !== undefined && this.#isFresh(entry, request.directives)) return { kind: 'found', entry };
    }
    const identity = identityOf(request);
    const { noStore } = request.directives;
    const attempt: NewAttempt = {
      id: this.#clock.uuid(),
      site: request.site,
      scope: request.scope,
      key: request.key,
      model: request.recipe.model,
      account: request.account,
      // What was asked not to be stored leaves no words behind.
      recipe: noStore ? undefined : JSON.stringify(identity),
      createdAt: this.#clock.now(),
    };
    this.#begin(progress, attempt.id);
    // Nothing is to be heard from a synchronous endpoint before its end.
    if (!request.isAsyncUpstream) progress.accept();
    const call = await request.call(fwd);
    const bought = await this.#buyer.buy({ call, account: request.account, attempt });
    const delivered = {
      attemptId: attempt.id,
      identity,
      ...bought,
      unstorable: noStore ? 'no-store' : undefined,
    };
    if (!request.isAsyncUpstream) return await this.#settlement.settle(delivered);
    const task = bought.answer.status === 200 ? readTaskId(parse(bought.answer)) : undefined;
    if (task === undefined) return await this.#settlement.settle(delivered);
    await this.#attempts.submitted(attempt.id, task, this.#clock.now());
    const { answer, ...rest } = delivered;
    return await this.#follower.follow(
      { id: task, apiKey: call.apiKey, account: request.account, model: identity.model },
      { ...rest, simulated: answer.simulated },
      progress,
    );
  }
}

function identityOf({ site, scope, key, recipe, directives, references }: ImageRequest): EntryIdentity {
  const { canonical, model, prompt } = recipe;
  return { site, scope, key, canonical, model, prompt, take: directives.take, references };
}

function parse(answer: UpstreamAnswer): JsonValue {
  try {
    const value: JsonValue = JSON.parse(new TextDecoder().decode(answer.body));
    return value;
  } catch {
    // No JSON is no task; what it is instead is settled like any answer.
    return null;
  }
}
