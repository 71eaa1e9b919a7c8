import type { FlightCoordinator, FlightResult, RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { FlightOutcome } from '../image-request.ts';
import { type FlightAttempt, FlightProgress } from './flight-progress.ts';
import type { FlightStage } from './flight-stage.ts';
import type { FlightWaiter } from './flight-waiter.ts';

/** Who may share a flight: its traveller with those before, and those who come after with it. */
export interface Sharing {
  readonly joins: boolean;
  readonly leads: boolean;
}

/** A flight as it is right now. */
export interface FlightView {
  readonly attempt: FlightAttempt;
  /** `submitted` once the vendor has taken it as a task. */
  readonly state: 'open' | 'submitted';
  readonly stage: FlightStage['stage'] | undefined;
  /** Requests and tasks that still want its result. */
  readonly waiters: number;
}

/** Work that tells how far it has come. */
type Work = (progress: FlightProgress) => Promise<FlightOutcome>;

/** The flights of this process: which are in the air, how far each has come, and who may join. */
export class FlightRegistry {
  readonly #flights: FlightCoordinator<FlightOutcome>;
  /** By name, those that can be joined. */
  readonly #joinable = new Map<string, FlightProgress>();
  /** By attempt, also those that nobody can join. */
  readonly #byAttempt = new Map<string, FlightProgress>();

  constructor(flights: FlightCoordinator<FlightOutcome>) {
    this.#flights = flights;
  }

  /** Flights in the air. */
  get size(): number {
    return this.#flights.size;
  }

  /** Requests that wait for them. */
  get waiters(): number {
    const flights = new Set([...this.#joinable.values(), ...this.#byAttempt.values()]);
    return [...flights].reduce((sum, { interested }) => sum + interested, 0);
  }

  /** Resolves when none is in the air any more. */
  async settled(): Promise<void> {
    await this.#flights.settled();
  }

  /** Goes on only where the flights of this recipe are, see `FlightCoordinator`. */
  async ensureOwner(recipe: RecipeAddress): Promise<void> {
    await this.#flights.ensureOwner?.(recipe);
  }

  /** How far the flight of an attempt has come; undefined when it is not in the air here. */
  progressOf(attemptId: string): FlightProgress | undefined {
    return this.#byAttempt.get(attemptId);
  }

  /** Takes a request for a recipe to the flight of this name where both allow it, else to one of its own. */
  async board(
    name: string,
    canonical: string,
    ticket: FlightWaiter,
    sharing: Sharing,
    work: Work,
  ): Promise<FlightResult<FlightOutcome>> {
    const known = this.#joinable.get(name);
    // The name holds the key only, and its hash may collide.
    const fits = known === undefined || (known.canonical === canonical && !known.isCanceled);
    const joined = sharing.joins && fits ? known : undefined;
    const progress = joined ?? new FlightProgress(canonical);
    ticket.board(progress, joined !== undefined);
    // A job that was canceled goes on for a while: from now on its name is that of who asks again.
    const replaces = sharing.leads && known?.isCanceled === true;
    return await this.launch(name, progress, { ...sharing, joins: sharing.joins && fits, replaces }, work);
  }

  /** Starts a flight, unless there is one to join. */
  async launch(
    name: string,
    progress: FlightProgress,
    { joins, leads, replaces = false }: Sharing & { readonly replaces?: boolean },
    work: Work,
  ): Promise<FlightResult<FlightOutcome>> {
    if (leads && (replaces || !this.#joinable.has(name))) this.#joinable.set(name, progress);
    try {
      return await this.#flights.run(name, () => work(progress), {
        join: joins,
        lead: leads,
        replace: replaces,
      });
    } finally {
      if (this.#joinable.get(name) === progress) this.#joinable.delete(name);
      if (progress.attempt !== undefined) this.#byAttempt.delete(progress.attempt.id);
    }
  }

  /** From now on the flight is found by its attempt. */
  assign(progress: FlightProgress, attempt: FlightAttempt): void {
    progress.attempt = attempt;
    this.#byAttempt.set(attempt.id, progress);
  }

  /** Those that buy, oldest first. */
  list(): readonly FlightView[] {
    return [...this.#byAttempt.values()].flatMap(({ attempt, job, stage, interested }) =>
      attempt === undefined
        ? []
        : {
            attempt,
            state: job === undefined ? 'open' : 'submitted',
            stage: stage?.stage,
            waiters: Math.max(0, interested),
          },
    );
  }
}
