import type { Attempt } from '../attempts/attempt.ts';
import { readIdentity } from '../attempts/entry-identity.ts';
import { flightKey } from '../flights/flight-key.ts';
import { FlightProgress } from '../flights/flight-progress.ts';
import type { FlightRegistry } from '../flights/flight-registry.ts';
import type { TaskFollower } from '../generation/task-follower.ts';
import type { FlightOutcome } from '../image-request.ts';

/** Collaborators of `JobResumer`. */
export interface JobResumerDeps {
  readonly board: FlightRegistry;
  readonly follower: TaskFollower;
}

/** Goes on with jobs that the vendor had taken before this process began. */
export class JobResumer {
  readonly #deps: JobResumerDeps;

  constructor(deps: JobResumerDeps) {
    this.#deps = deps;
  }

  /**
   * A flight like any other, which requests join, unless it must not be stored. `interested` is how many tasks wait for
   * it. Undefined when it is in the air already, or is no job of the vendor's.
   */
  resume(attempt: Attempt, apiKey: string, interested: number): Promise<FlightOutcome> | undefined {
    const { id: attemptId, upstreamTask, account, model, site, scope, key } = attempt;
    if (upstreamTask === undefined || this.#deps.board.progressOf(attemptId) !== undefined) return undefined;
    const known = readIdentity(attempt);
    const nameless = { site, scope, key, model, canonical: '', prompt: '', take: undefined, references: [] };
    const progress = new FlightProgress(known?.canonical);
    progress.interested = interested;
    this.#deps.board.assign(progress, { id: attemptId, model, createdAt: attempt.createdAt });
    const expected = {
      attemptId,
      identity: known ?? nameless,
      unstorable: known === undefined ? 'no-store' : undefined,
    };
    const work = () =>
      this.#deps.follower.follow({ id: upstreamTask, apiKey, account, model }, expected, progress);
    const sharing = { joins: false, leads: known !== undefined };
    return this.#deps.board
      .launch(flightKey(attempt, known?.take), progress, sharing, work)
      .then(({ value }) => value);
  }
}
