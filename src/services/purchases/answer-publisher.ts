import { readAnswer } from '../../core/dashscope/answer.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { EntryPublisher } from '../entries/entry-publisher.ts';
import { endOfAnswer } from '../tasks/task-end.ts';
import type { TaskStore } from '../tasks/task-store.ts';
import type { Flight, FlightOutcome } from './flight.ts';
import { type Purchase, UPSTREAM_LIFE_MS } from './purchase.ts';

/** Collaborators of `AnswerPublisher`. */
export interface AnswerPublisherDeps {
  readonly publisher: EntryPublisher;
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** No further try changes it: it is larger than what is kept here, or there is nothing to fetch. */
const HOPELESS: ReadonlySet<string> = new Set(['image_too_large', 'no_image']);
/** What a URL answers whose life is over, for as long as the time for downloads lasts. */
const GONE: ReadonlySet<number | undefined> = new Set([403, 404, 410]);

/** Drives what is `answered` on: fetches its files and stores them as an entry, as often as it takes while the URLs live. */
export class AnswerPublisher {
  readonly #deps: AnswerPublisherDeps;

  constructor(deps: AnswerPublisherDeps) {
    this.#deps = deps;
  }

  /**
   * False when it has to be tried again later: its waiters have upstream's own answer, with URLs that live for a day. A paid
   * picture is never withheld.
   */
  async keep(flight: Flight): Promise<boolean> {
    const { record } = flight;
    const answer = flight.answer ?? answerOf(record.row);
    const relay: FlightOutcome = { kind: 'relay', answer, detail: 'not stored', isAccounts: false };
    await flight.turn;
    try {
      const entry = await this.#publish(flight, answer);
      if (entry !== undefined) flight.settle({ kind: 'bought', entry });
      return true;
    } catch (cause) {
      const { model } = record.row;
      const reason = cause instanceof AppError ? cause.code : 'failure';
      this.#deps.reporter.report({ type: 'not-stored', model, reason, cause });
      const isHopeless = isAppError(cause) && (HOPELESS.has(cause.code) || GONE.has(cause.upstream?.status));
      const isOver = record.ageMs >= UPSTREAM_LIFE_MS;
      const end = endOfAnswer(answer, this.#deps.clock.now());
      if (isHopeless || isOver) await record.advance('unstored', { error: reason }, end);
      else await this.#tellTasks(flight, end);
      flight.settle(relay);
      return isHopeless || isOver;
    }
  }

  async #publish(flight: Flight, answer: UpstreamAnswer) {
    const { record } = flight;
    const { identity, elapsedMs, spent } = record.row;
    const reading = readAnswer(answer.body);
    if (reading.kind !== 'assets' || identity === undefined)
      throw new AppError('no_image', 'The purchase holds no answer to store.');
    return await this.#deps.publisher.keep({
      record,
      identity,
      assets: reading.assets,
      cost: spent?.cost,
      template: reading.template,
      usage: reading.usage,
      upstreamRequestId: reading.requestId,
      elapsedMs,
      onStage: (stage) => flight.tell(stage),
    });
  }

  async #tellTasks({ id }: Flight, end: ReturnType<typeof endOfAnswer>): Promise<void> {
    try {
      await this.#deps.tasks.endAll(id, end);
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'task record', cause });
    }
  }
}

/** Upstream's answer as it had come, of a row. */
function answerOf({ answer, simulated }: Purchase): UpstreamAnswer {
  return {
    status: 200,
    headers: [['content-type', 'application/json']],
    body: new TextEncoder().encode(answer),
    simulated,
  };
}
