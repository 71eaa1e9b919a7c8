import { readAnswer } from '../core/answer.ts';
import type { Entry } from '../core/entry.ts';
import { isAppError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-text.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlightCoordinator } from '../ports/flight-coordinator.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { Attempt, AttemptStore } from './attempt-store.ts';
import { readIdentity } from './entry-identity.ts';
import { flightName } from './flight-name.ts';
import type { FlightOutcome } from './image-request.ts';
import type { Keeper } from './keeper.ts';
import { isStorageFailure } from './storage-failure.ts';

/** Answers whose pictures are fetched at once: each fetch has its own time limit. */
const LANES = 16;
/** How long the vendor's result URLs live. */
const URL_LIFE_MS = 24 * 60 * 60 * 1000;

/** After a crash: what was paid for is fetched and stored; what cannot be known is said to be unknown, never sent again. */
export class Recovery {
  readonly #attempts: AttemptStore;
  readonly #keeper: Keeper;
  readonly #flights: FlightCoordinator<FlightOutcome>;
  readonly #clock: Clock;
  readonly #reporter: Reporter;

  constructor(parts: {
    attempts: AttemptStore;
    keeper: Keeper;
    flights: FlightCoordinator<FlightOutcome>;
    clock: Clock;
    reporter: Reporter;
  }) {
    this.#attempts = parts.attempts;
    this.#keeper = parts.keeper;
    this.#flights = parts.flights;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
  }

  /** Attempts of a process that is gone and that were sent without an answer become `unknown`. Run before serving. */
  async closeOpen(): Promise<number> {
    const open = await this.#attempts.listOpen();
    for (const attempt of open) {
      await this.#finish(attempt, 'unknown', 'the process ended before the answer came');
      const cause = `sent at ${new Date(attempt.createdAt).toISOString()}`;
      this.#reporter.report({ type: 'outcome-unknown', attemptId: attempt.id, model: attempt.model, cause });
    }
    return open.length;
  }

  /**
   * Stores the pictures of answers that had come before the process ended; returns how many. Each is a flight, so that
   * whoever asks for it again meanwhile waits for it and does not buy it twice: call it before requests are taken. The
   * URLs live for a day, so what cannot be fetched or stored now is left for the next start.
   */
  async finishAnswered(): Promise<number> {
    const lanes: Promise<unknown>[] = Array.from({ length: LANES }, () => Promise.resolve());
    const flights = (await this.#attempts.listAnswered()).map((attempt, index) => {
      const flight = this.#fly(attempt, lanes[index % LANES]);
      lanes[index % LANES] = flight;
      return flight;
    });
    const outcomes = await Promise.all(flights);
    return outcomes.filter(({ kind }) => kind === 'found').length;
  }

  async #fly(attempt: Attempt, turn: Promise<unknown> | undefined): Promise<FlightOutcome> {
    const isAlive = this.#clock.now() - attempt.createdAt < URL_LIFE_MS;
    const work = async (): Promise<FlightOutcome> => {
      await turn;
      try {
        return { kind: 'found', entry: await this.#keep(attempt) };
      } catch (cause) {
        this.#reporter.report({ type: 'not-stored', model: attempt.model, reason: 'recovery', cause });
        const mayComeYet = isAlive && isAppError(cause, 'upstream_invalid');
        if (!isStorageFailure(cause) && !mayComeYet) await this.#giveUp(attempt);
        return relayOf(attempt);
      }
    };
    // Nobody shall wait for URLs that are dead.
    const name = isAlive ? flightName(attempt, readIdentity(attempt)?.take) : attempt.id;
    const { value } = await this.#flights.run(name, work, { join: false });
    return value;
  }

  /** A record that cannot be closed stays `answered`, and is tried again at the next start. */
  async #giveUp(attempt: Attempt): Promise<void> {
    try {
      await this.#finish(attempt, 'unstored', 'its pictures could not be fetched after a restart');
    } catch (cause) {
      this.#reporter.report({ type: 'failure', where: 'attempt record', cause });
    }
  }

  async #finish(attempt: Attempt, state: 'unknown' | 'unstored', error: string): Promise<void> {
    await this.#attempts.finish(attempt.id, { state, error, at: this.#clock.now() });
  }

  async #keep(attempt: Attempt): Promise<Entry> {
    const text = attempt.answer ?? '';
    const value: JsonValue = JSON.parse(text);
    const read = readAnswer(text, value);
    const identity = readIdentity(attempt);
    if ('refusal' in read || identity === undefined) throw new Error('the attempt holds no answer to finish');
    return await this.#keeper.keep({
      attemptId: attempt.id,
      identity,
      imageUrls: read.imageUrls,
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
