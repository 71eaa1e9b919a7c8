import { readAnswer } from '../../core/dashscope/answer.ts';
import type { Entry } from '../../core/entries/entry.ts';
import { isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FlightCoordinator } from '../../ports/flight-coordinator.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { Attempt } from '../attempts/attempt.ts';
import type { AttemptCloser } from '../attempts/attempt-closer.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import { readIdentity } from '../attempts/entry-identity.ts';
import { URL_LIFE_MS } from '../attempts/url-life.ts';
import { isStorageFailure } from '../blobs/storage-failure.ts';
import type { EntryPublisher } from '../entries/entry-publisher.ts';
import { flightKey } from '../flights/flight-key.ts';
import type { FlightOutcome } from '../image-request.ts';
import type { TaskCompleter } from '../tasks/task-completer.ts';

/** Answers whose pictures are fetched at once: each fetch has its own time limit. */
const LANES = 16;

/** Collaborators of `Recovery`. */
export interface RecoveryDeps {
  readonly attempts: AttemptStore;
  readonly closer: AttemptCloser;
  readonly publisher: EntryPublisher;
  readonly taskEnds: TaskCompleter;
  readonly flights: FlightCoordinator<FlightOutcome>;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** After a crash: what was paid for is fetched and stored; what cannot be known is said to be unknown, never sent again. */
export class Recovery {
  readonly #deps: RecoveryDeps;
  /** Attempts of the process before that are still to be finished; undefined until they have been looked for. */
  #left: Set<string> | undefined;
  #finishing: Promise<number> | undefined;

  constructor(deps: RecoveryDeps) {
    this.#deps = deps;
  }

  /**
   * Attempts of a process that is gone and that were sent without an answer become `unknown`. Run before serving; where
   * other processes serve, with a time before which no flight of theirs can have begun.
   */
  async closeOpen(begunBefore?: number): Promise<number> {
    const open = await this.#deps.attempts.listOpen(begunBefore);
    for (const attempt of open) {
      const cause = `sent at ${new Date(attempt.createdAt).toISOString()}`;
      await this.#deps.closer.lose(attempt, cause, { error: 'the process ended before the answer came' });
    }
    return open.length;
  }

  /**
   * Stores the pictures of answers that had come before the process ended; returns how many. Each is a flight, so that
   * whoever asks for it again meanwhile waits for it and does not buy it twice: call it before requests are taken, and
   * then from time to time. The URLs live for a day, so what cannot be fetched or stored now is left for the next time;
   * tasks that wait for it are given those URLs at once. Where other processes store theirs meanwhile, with a time before
   * which none of theirs was answered.
   */
  finishAnswered(answeredBefore?: number): Promise<number> {
    this.#finishing ??= this.#finishAll(answeredBefore).finally(() => {
      this.#finishing = undefined;
    });
    return this.#finishing;
  }

  /**
   * The same for one answer that is known, where the flights of its recipe are: from now on it is in the air. Of what
   * fails the record is left as it is.
   */
  takeUp(attempt: Attempt): void {
    void this.#fly(attempt, undefined).catch((cause: unknown) =>
      this.#deps.reporter.report({ type: 'failure', where: 'recovery', cause }),
    );
  }

  async #finishAll(answeredBefore?: number): Promise<number> {
    const left = this.#left;
    if (left?.size === 0) return 0;
    const answered = await this.#deps.attempts.listAnswered(answeredBefore);
    // What this process has bought since its start is in other hands.
    const attempts = left === undefined ? answered : answered.filter(({ id }) => left.has(id));
    this.#left = new Set(attempts.map(({ id }) => id));
    const lanes: Promise<unknown>[] = Array.from({ length: LANES }, () => Promise.resolve());
    const flights = attempts.map((attempt, index) => {
      const flight = this.#fly(attempt, lanes[index % LANES]);
      lanes[index % LANES] = flight;
      return flight;
    });
    const outcomes = await Promise.all(flights);
    return outcomes.filter(({ kind }) => kind === 'found').length;
  }

  async #fly(attempt: Attempt, turn: Promise<unknown> | undefined): Promise<FlightOutcome> {
    const isAlive = this.#deps.clock.now() - attempt.createdAt < URL_LIFE_MS;
    const work = async (): Promise<FlightOutcome> => {
      await turn;
      try {
        return { kind: 'found', entry: await this.#keep(attempt) };
      } catch (cause) {
        this.#deps.reporter.report({ type: 'not-stored', model: attempt.model, reason: 'recovery', cause });
        const mayComeYet = isAlive && isAppError(cause, 'upstream_invalid');
        if (!isStorageFailure(cause) && !mayComeYet) await this.#giveUp(attempt);
        return relayOf(attempt);
      }
    };
    // Nobody shall wait for URLs that are dead.
    const name = isAlive ? flightKey(attempt, readIdentity(attempt)?.take) : attempt.id;
    const outcome = this.#deps.flights.run(name, work, { join: false }).then(({ value }) => value);
    await this.#deps.taskEnds.endAll(attempt.id, outcome);
    return await outcome;
  }

  /** A record that cannot be closed stays `answered`, and is tried again. */
  async #giveUp({ id }: Attempt): Promise<void> {
    const error = 'its pictures could not be fetched after a restart';
    await this.#deps.closer.close(id, { state: 'unstored', error });
  }

  async #keep(attempt: Attempt): Promise<Entry> {
    const read = readAnswer(new TextEncoder().encode(attempt.answer));
    const identity = readIdentity(attempt);
    if (read.kind !== 'assets' || identity === undefined)
      throw new Error('the attempt holds no answer to finish');
    return await this.#deps.publisher.keep({
      attemptId: attempt.id,
      identity,
      assets: read.assets,
      pictures: read.pictures,
      template: read.template,
      usage: read.usage,
      upstreamRequestId: read.requestId,
      elapsedMs: undefined,
    });
  }
}

/** A paid picture is never withheld: upstream's own answer, as it had come. */
function relayOf(attempt: Attempt): FlightOutcome {
  return {
    kind: 'relay',
    answer: {
      status: 200,
      headers: [['content-type', 'application/json']],
      body: new TextEncoder().encode(attempt.answer),
      simulated: false,
    },
    canonical: readIdentity(attempt)?.canonical,
    detail: 'not stored',
  };
}
