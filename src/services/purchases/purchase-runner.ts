import { AppError, isAppError } from '../../core/errors.ts';
import { isFinal } from '../../core/purchases/purchase-state.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import { endOfFailure } from '../tasks/task-end.ts';
import type { AnswerPublisher } from './answer-publisher.ts';
import type { Flight } from './flight.ts';
import { outcomeUnknown } from './refused-answer.ts';
import type { TaskFollower } from './task-follower.ts';
import type { UpstreamSender } from './upstream-sender.ts';

/** Collaborators of `PurchaseRunner`. */
export interface PurchaseRunnerDeps {
  readonly sender: UpstreamSender;
  readonly follower: TaskFollower;
  readonly publisher: AnswerPublisher;
  readonly entries: Pick<EntryStore, 'findById'>;
  readonly clock: Clock;
}

/**
 * Drives a purchase from whatever state it stands in to its end. There is no other path: a new request, a restart, a poll
 * after it, the caretaker's round and a Durable Object made anew all come here. See docs/explanation/purchases.md.
 */
export class PurchaseRunner {
  readonly #deps: PurchaseRunnerDeps;

  constructor(deps: PurchaseRunnerDeps) {
    this.#deps = deps;
  }

  /** Resolves when it has ended, or cannot go on for now. Never rejects: its waiters are told. One driver at a time. */
  async drive(flight: Flight): Promise<void> {
    try {
      if (flight.isUnsent && !flight.record.isOnRecord) {
        if (await this.#isNeedless(flight)) return;
        // What could not be written keeps nothing from going on: it is paid, or the vendor has it.
      } else await flight.record.flush();
      while (!isFinal(flight.state)) {
        if (!(await this.#step(flight))) return;
      }
      if (!flight.isSettled) await this.#land(flight);
    } catch (error) {
      await this.#stop(flight, error);
    }
  }

  /** False when it cannot go on for now. */
  async #step(flight: Flight): Promise<boolean> {
    const { record, order } = flight;
    switch (record.row.state) {
      case 'intended':
        if (order === undefined) await this.#endUnsent(flight);
        else await this.#deps.sender.send(flight, order);
        return true;
      case 'sent':
        // Found so: whoever sent it is gone, and with it the answer.
        await this.#endUnanswered(flight);
        return true;
      case 'accepted':
        return await this.#deps.follower.follow(flight);
      default:
        return await this.#deps.publisher.keep(flight);
    }
  }

  /** Another flight may have landed between the look at the store and now. */
  async #isNeedless(flight: Flight): Promise<boolean> {
    const entry = await flight.order?.findAgain();
    if (entry === undefined) return false;
    flight.isNeedless = true;
    flight.settle({ kind: 'found', entry });
    return true;
  }

  /** Of a process that is gone: nobody knows what to send. */
  async #endUnsent({ record }: Flight): Promise<void> {
    const error = new AppError(
      'shutting_down',
      'The server stopped before this was sent upstream; nothing was paid. Submit it again.',
    );
    await record.advance('withdrawn', { error: 'the process ended before it was sent' }, this.#endOf(error));
  }

  async #endUnanswered({ record }: Flight): Promise<void> {
    const error = outcomeUnknown('The server stopped before the answer came.');
    const why = 'the process ended before the answer came';
    await record.lose(why, { error: why }, this.#endOf(error));
  }

  /** For those who wait for what ended in other hands. */
  async #land(flight: Flight): Promise<void> {
    const { state, entryId } = flight.record.row;
    const entry = entryId === undefined ? undefined : await this.#deps.entries.findById(entryId);
    if (entry !== undefined) flight.settle({ kind: 'found', entry });
    else flight.fail(outcomeUnknown(`The purchase has ended as ${state}.`));
  }

  /** Whatever keeps a step from being done: certain where nothing is sent, else its state says how it goes on. */
  async #stop(flight: Flight, error: unknown): Promise<void> {
    const { record, withdrawal } = flight;
    const why = isAppError(error) ? error.code : 'failure';
    // What is not on record and was not sent leaves none behind.
    if (flight.state === 'intended' && record.isOnRecord) {
      await record.advance(withdrawal.aborted ? 'withdrawn' : 'failed', { error: why }, this.#endOf(error));
    } else if (flight.state === 'intended') flight.isNeedless = true;
    else if (flight.state === 'sent') await record.lose(error, { error: why }, this.#endOf(error));
    flight.fail(error);
  }

  #endOf(error: unknown) {
    return endOfFailure(error, this.#deps.clock.now());
  }
}
