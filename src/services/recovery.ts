import { readAnswer } from '../core/answer.ts';
import type { JsonValue } from '../core/json-text.ts';
import type { Clock } from '../ports/clock.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { Attempt, AttemptStore } from './attempt-store.ts';
import type { EntryIdentity, Keeper } from './keeper.ts';
import { isStorageFailure } from './storage-failure.ts';

/** After a crash: what was paid for is fetched and stored; what cannot be known is said to be unknown, never sent again. */
export class Recovery {
  readonly #attempts: AttemptStore;
  readonly #keeper: Keeper;
  readonly #clock: Clock;
  readonly #reporter: Reporter;

  constructor(parts: { attempts: AttemptStore; keeper: Keeper; clock: Clock; reporter: Reporter }) {
    this.#attempts = parts.attempts;
    this.#keeper = parts.keeper;
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
   * Stores the pictures of answers that had come before the process ended. Their URLs live for a day, so what our own
   * store cannot take now is left for the next start.
   */
  async finishAnswered(): Promise<number> {
    let kept = 0;
    for (const attempt of await this.#attempts.listAnswered()) {
      try {
        await this.#keep(attempt);
        kept += 1;
      } catch (cause) {
        this.#reporter.report({ type: 'not-stored', model: attempt.model, reason: 'recovery', cause });
        if (!isStorageFailure(cause)) await this.#giveUp(attempt);
      }
    }
    return kept;
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

  async #keep(attempt: Attempt): Promise<void> {
    const text = attempt.answer ?? '';
    const value: JsonValue = JSON.parse(text);
    const read = readAnswer(text, value);
    if ('refusal' in read || attempt.recipe === undefined)
      throw new Error('the attempt holds no answer to finish');
    const identity: EntryIdentity = JSON.parse(attempt.recipe);
    await this.#keeper.keep({
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
