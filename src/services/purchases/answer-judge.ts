import { type Answer, type AnswerReading, isSuccess, readAnswer } from '../../core/dashscope/answer.ts';
import { AppError } from '../../core/errors.ts';
import { listPrice, type PriceOverrides } from '../../core/models/list-price.ts';
import { isAccountRefusal } from '../../core/purchases/account-refusal.ts';
import { mayHaveDrawn, type Refused } from '../../core/purchases/may-have-drawn.ts';
import { readFacts } from '../../core/recipe/recipe-facts.ts';
import { isOfficialSite } from '../../core/site.ts';
import type { Clock } from '../../ports/clock.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';
import { endOfAnswer, endOfFailure } from '../tasks/task-end.ts';
import type { Flight } from './flight.ts';
import type { Purchase, PurchaseFacts, Spent } from './purchase.ts';
import { readRefused } from './refused-answer.ts';

/** Collaborators of `AnswerJudge`. */
export interface AnswerJudgeDeps {
  readonly prices: PriceOverrides;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Decides what upstream's answer makes of a purchase. What goes no further is what its waiters get. */
export class AnswerJudge {
  readonly #deps: AnswerJudgeDeps;

  constructor(deps: AnswerJudgeDeps) {
    this.#deps = deps;
  }

  /** Of an answer to a submission, or of a job's end in the shape of one. */
  async judge(flight: Flight, answer: UpstreamAnswer, elapsedMs: number | undefined): Promise<void> {
    const { status, simulated } = answer;
    const facts = { status, simulated, elapsedMs };
    if (!isSuccess(status)) {
      await this.#refused(flight, answer, readRefused(answer));
      return;
    }
    const reading = readAnswer(answer.body);
    switch (reading.kind) {
      case 'assets':
        await this.#bought(flight, answer, reading, facts);
        return;
      case 'task':
        // A job has no job.
        if (flight.state === 'accepted') await this.#notUnderstood(flight, answer, facts);
        else await flight.record.advance('accepted', { ...facts, upstreamTask: reading.taskId });
        return;
      case 'none': {
        const error = noImage(reading);
        await flight.record.advance('failed', { ...facts, error: 'no image' }, this.#endOf(error));
        flight.fail(error);
        return;
      }
      case 'refusal':
        // Its status says nothing: it is one of a success.
        await this.#refused(flight, answer, { ...reading, status: REFUSED_WITH_SUCCESS });
        return;
      case 'not-understood':
        await this.#notUnderstood(flight, answer, facts);
    }
  }

  async #refused(flight: Flight, answer: UpstreamAnswer, refused: Refused): Promise<void> {
    const { status } = answer;
    const isAccounts = isAccountRefusal(refused);
    // A job's end is certain, whatever it ended by.
    if (flight.state === 'sent' && mayHaveDrawn(refused)) {
      const cause = `upstream answered ${status}`;
      await flight.record.lose(cause, { status, error: cause }, this.#endOf(answer));
    } else {
      // Those who ask with another account may be served: what becomes of their tasks is not known yet.
      await flight.record.advance('refused', { status }, isAccounts ? undefined : this.#endOf(answer));
    }
    flight.settle({ kind: 'relay', answer, detail: undefined, isAccounts });
  }

  async #bought(
    flight: Flight,
    answer: UpstreamAnswer,
    reading: Answer,
    facts: PurchaseFacts,
  ): Promise<void> {
    const { record } = flight;
    const { row } = record;
    if (answer.simulated && isOfficialSite(row.site)) {
      // A simulator's drawing where the vendor's was expected: no picture of this site, and nobody was paid.
      const { model } = row;
      const cause = `A simulator drew this; it is not stored as a picture of ${row.site}.`;
      this.#deps.reporter.report({ type: 'not-stored', model, reason: 'simulated', cause });
      await this.#unstored(flight, answer, { ...facts, error: 'simulated' }, 'not stored');
      return;
    }
    const spent = this.#spent(row, reading);
    const why = whyNotStored(row, reading);
    if (why !== undefined) {
      await this.#unstored(flight, answer, { ...facts, spent, error: why }, why);
      return;
    }
    flight.answer = answer;
    // No image bytes in any row: what came inline is in our hands already, and on record once it is stored.
    if (reading.assets.some((asset) => 'bytes' in asset)) record.move('answered', { ...facts, spent });
    else await record.advance('answered', { ...facts, spent, answer: new TextDecoder().decode(answer.body) });
  }

  /** What it says is not known, but it may well be paid for: relayed, and counted at an unknown price. */
  async #notUnderstood(flight: Flight, answer: UpstreamAnswer, facts: PurchaseFacts): Promise<void> {
    const spent = { images: 0, cost: undefined, at: this.#deps.clock.now() };
    await this.#unstored(flight, answer, { ...facts, spent, error: 'not understood' }, 'not understood');
  }

  async #unstored(
    flight: Flight,
    answer: UpstreamAnswer,
    facts: PurchaseFacts,
    detail: string,
  ): Promise<void> {
    await flight.record.advance('unstored', facts, this.#endOf(answer));
    flight.settle({ kind: 'relay', answer, detail, isAccounts: false });
  }

  #spent({ model, site, identity }: Purchase, { imageCount, usage }: Answer): Spent {
    const { prices, clock } = this.#deps;
    const canonical = identity?.canonical;
    return {
      images: imageCount,
      cost: listPrice({ model, site, canonical, usage, count: imageCount }, prices),
      at: clock.now(),
    };
  }

  #endOf(what: UpstreamAnswer | AppError) {
    const now = this.#deps.clock.now();
    return what instanceof AppError ? endOfFailure(what, now) : endOfAnswer(what, now);
  }
}

/** As which a refusal counts that came in a success. */
const REFUSED_WITH_SUCCESS = 500;

/** Why a success is not the entry of its recipe; undefined when it is. */
function whyNotStored({ identity }: Purchase, { failed, imageCount }: Answer): string | undefined {
  if (identity === undefined) return 'no-store';
  const { count = 0 } = readFacts(identity.canonical);
  return failed > 0 || imageCount < count ? 'partial failure' : undefined;
}

function noImage({ texts }: Pick<AnswerReading, 'texts'>): AppError {
  const said = texts.length === 0 ? '' : ` It said: ${texts.join(' ').slice(0, 300)}`;
  return new AppError('no_image', `Upstream reported success but sent no image; nothing was stored.${said}`);
}
