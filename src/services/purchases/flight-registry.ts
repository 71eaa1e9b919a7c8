import { AppError } from '../../core/errors.ts';
import type { PurchaseState } from '../../core/purchases/purchase-state.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FlightCoordinator, RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import { withDeadline } from '../limits/deadline.ts';
import type { Flight } from './flight.ts';
import type { FlightStage } from './flight-stage.ts';
import type { FlightWaiter } from './flight-waiter.ts';
import type { PurchaseRunner } from './purchase-runner.ts';

/** What somebody wants to join. */
export interface Wanted extends RecipeAddress {
  readonly canonical: string;
  /** The take asked for; undefined means any. */
  readonly take: number | undefined;
  readonly account: string;
  readonly apiKey: string;
}

/** A flight as it is right now. */
export interface FlightView {
  readonly id: string;
  readonly model: string;
  readonly createdAt: number;
  readonly state: PurchaseState;
  readonly stage: FlightStage['stage'] | undefined;
  /** Requests and tasks that still want its result. */
  readonly waiters: number;
}

/** What became of a wish to cancel. `refused`: it is drawn already. `relay`: the vendor's own refusal. */
export type CancelVerdict =
  | { readonly kind: 'left' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'relay'; readonly answer: UpstreamAnswer };

const CANCEL_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 30 * 60_000;

/** Collaborators of `FlightRegistry`. */
export interface FlightRegistryDeps {
  readonly coordinator: FlightCoordinator<void>;
  readonly runner: PurchaseRunner;
  readonly upstream: Pick<ImageUpstream, 'cancel'>;
  readonly clock: Clock;
}

/**
 * The flights of this process: the one place where they are joined, left, canceled and ended. A flight that cannot go on
 * for now stays here, with nobody driving it, until its turn comes or somebody asks for it.
 */
export class FlightRegistry {
  readonly #deps: FlightRegistryDeps;
  readonly #flights = new Map<string, Flight>();
  /** By recipe. */
  readonly #ofRecipe = new Map<string, Set<Flight>>();
  readonly #driven = new Set<Flight>();

  constructor(deps: FlightRegistryDeps) {
    this.#deps = deps;
  }

  /** Flights that somebody drives. */
  get size(): number {
    return this.#driven.size;
  }

  /** Requests and tasks that wait for flights. */
  get waiters(): number {
    return this.list().reduce((sum, { waiters }) => sum + waiters, 0);
  }

  /** Resolves when nobody drives any. */
  async settled(): Promise<void> {
    await this.#deps.coordinator.settled();
  }

  /** Goes on only where the flights of this recipe are, see `FlightCoordinator`. */
  async ensureOwner(recipe: RecipeAddress): Promise<void> {
    await this.#deps.coordinator.ensureOwner?.(recipe);
  }

  find(id: string): Flight | undefined {
    return this.#flights.get(id);
  }

  /**
   * Takes a waiter to a flight that brings what it wants, else to the one that `make` makes. Who comes during a cancel waits
   * for its verdict.
   */
  async board(wanted: Wanted | undefined, waiter: FlightWaiter, make: () => Flight): Promise<Flight> {
    if (wanted !== undefined) this.#lendKey(wanted);
    let flight = wanted && this.#findFor(wanted);
    while (flight?.deciding !== undefined) {
      await flight.deciding;
      flight = wanted && this.#findFor(wanted);
    }
    if (flight === undefined || wanted === undefined) {
      const made = make();
      this.add(made);
      waiter.board(made, false);
      this.launch(made);
      return made;
    }
    this.wake(flight, wanted);
    waiter.board(flight, true);
    return flight;
  }

  /** From now on it is found; nobody drives it yet. */
  add(flight: Flight): void {
    this.#flights.set(flight.id, flight);
    const name = nameOf(flight.record.row);
    const others = this.#ofRecipe.get(name) ?? new Set();
    this.#ofRecipe.set(name, others.add(flight));
  }

  /** Somebody asks for it: it is tried again now, with their key where it is their account's. */
  wake(flight: Flight, { account, apiKey }: Pick<Wanted, 'account' | 'apiKey'>): void {
    if (flight.record.row.account === account) flight.apiKey ??= apiKey;
    const lacksKey = flight.state === 'accepted' && flight.apiKey === undefined;
    if (!lacksKey) this.launch(flight);
  }

  /** Has it driven, unless somebody does. */
  launch(flight: Flight): void {
    if (this.#driven.has(flight)) return;
    const { coordinator, runner } = this.#deps;
    this.#driven.add(flight);
    flight.renew();
    const end = () => {
      this.#driven.delete(flight);
      if (flight.isOver) this.#remove(flight);
      else this.#retryLater(flight);
    };
    coordinator
      .run(flight.id, () => runner.drive(flight))
      .then(end, (error: unknown) => {
        flight.fail(error);
        end();
      });
  }

  /** Drives those on that have waited long enough since they failed. */
  retry(): void {
    const now = this.#deps.clock.monotonic();
    for (const flight of this.#flights.values()) {
      if (flight.retryAt <= now) this.launch(flight);
    }
  }

  /**
   * For somebody who no longer wants it: what nobody wants is not to be paid. One at a time, since it is the last one's cancel
   * that counts. `leave` gives their place up, unless they had left already: then it resolves with false.
   */
  async cancel(flight: Flight, leave: () => Promise<boolean>): Promise<CancelVerdict> {
    while (flight.deciding !== undefined) await flight.deciding;
    const verdict = this.#decide(flight, leave);
    flight.deciding = verdict.catch(() => undefined);
    try {
      return await verdict;
    } finally {
      flight.deciding = undefined;
    }
  }

  async #decide(flight: Flight, leave: () => Promise<boolean>): Promise<CancelVerdict> {
    if (flight.interested <= 1 && !flight.isUnsent) {
      const refusal = await this.#drop(flight);
      if (refusal !== undefined) return refusal;
    }
    return { kind: (await leave()) ? 'left' : 'refused' };
  }

  /** Has the vendor drop its job; resolves with why it does not. */
  async #drop(flight: Flight): Promise<CancelVerdict | undefined> {
    const { state, apiKey, record } = flight;
    const { upstreamTask } = record.row;
    if (state !== 'accepted' || upstreamTask === undefined || apiKey === undefined)
      return { kind: 'refused' };
    const { clock, upstream } = this.#deps;
    const answer = await withDeadline(clock, CANCEL_TIMEOUT_MS, (signal) =>
      upstream.cancel(upstreamTask, apiKey, signal),
    );
    flight.isDropped = answer.status === 200;
    return flight.isDropped ? undefined : { kind: 'relay', answer };
  }

  /** Takes back whatever is not sent. */
  withdrawUnsent(): void {
    const why = new AppError('shutting_down', 'The server is stopping; nothing was sent. Try again.', {
      retryAfterMs: 1_000,
    });
    for (const flight of this.#flights.values()) flight.withdraw(why);
  }

  /** Those that buy, oldest first. */
  list(): readonly FlightView[] {
    return [...this.#flights.values()].map(({ record: { row }, state, stage, interested }) => ({
      id: row.id,
      model: row.model,
      createdAt: row.createdAt,
      state,
      stage: stage?.stage,
      waiters: Math.max(0, interested),
    }));
  }

  /** The flight that brings what is wanted: of this very recipe, since the key's hash may collide. */
  #findFor(wanted: Wanted): Flight | undefined {
    const flights = this.#ofRecipe.get(nameOf(wanted)) ?? [];
    return [...flights].find(
      (flight) => flight.isJoinable && flight.canonical === wanted.canonical && fits(flight, wanted),
    );
  }

  /** Jobs that were left by an earlier process go on as soon as somebody of their account is here. */
  #lendKey(wanted: Pick<Wanted, 'account' | 'apiKey'>): void {
    for (const flight of this.#flights.values()) {
      const lacksKey = flight.state === 'accepted' && flight.apiKey === undefined;
      if (lacksKey && flight.record.row.account === wanted.account) this.wake(flight, wanted);
    }
  }

  #remove(flight: Flight): void {
    this.#flights.delete(flight.id);
    const name = nameOf(flight.record.row);
    const others = this.#ofRecipe.get(name);
    others?.delete(flight);
    if (others?.size === 0) this.#ofRecipe.delete(name);
  }

  #retryLater(flight: Flight): void {
    flight.retryAt =
      this.#deps.clock.monotonic() + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** flight.failures);
    flight.failures += 1;
  }
}

/** Any take will do where none is named. The first take is what a flight draws for which nothing was stored. */
function fits({ sharing, state, apiKey, record }: Flight, { take, account }: Wanted): boolean {
  // Nobody of another account can go on with its job.
  if (state === 'accepted' && apiKey === undefined && record.row.account !== account) return false;
  return (
    take === undefined ||
    sharing.take === take ||
    (sharing.take === undefined && sharing.isFirst && take === 1)
  );
}

function nameOf({ site, scope, key }: RecipeAddress): string {
  return [site, scope, key].join('\n');
}
