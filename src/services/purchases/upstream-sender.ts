import { AppError, isAppError } from '../../core/errors.ts';
import { findHeader } from '../../core/headers.ts';
import { isRetryable, nextDelay, parseRetryAfter, type RetryLimits } from '../../core/retry-policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Governor, Permit, SendOutcome } from '../../ports/governor.ts';
import type { GenerationCall, ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';
import { TransportError } from '../../ports/transport.ts';
import { DeadlineError, withDeadline } from '../limits/deadline.ts';
import { retry } from '../limits/retry.ts';
import { endOfFailure } from '../tasks/task-end.ts';
import type { AnswerJudge } from './answer-judge.ts';
import type { Flight, Order } from './flight.ts';
import { outcomeUnknown, readRefused } from './refused-answer.ts';

export interface UpstreamSenderOptions {
  readonly retry: RetryLimits;
  /** How long upstream may take to draw, in milliseconds. */
  readonly generationTimeoutMs: number;
}

/** Collaborators of `UpstreamSender`. */
export interface UpstreamSenderDeps {
  readonly upstream: ImageUpstream;
  readonly governor: Governor;
  readonly judge: AnswerJudge;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** What one try brought: an answer, or the certainty that nothing was sent. */
type Try = {
  /** It was refused for now or never left this machine, and has cost nothing: it may be sent again. */
  readonly mayPass: boolean;
} & (
  | { readonly answer: UpstreamAnswer; readonly elapsedMs: number }
  | { readonly answer: undefined; readonly error: unknown }
);

/** Drives what is `intended` on: sends it once it is on record, in its turn, and again only where that cannot pay twice. */
export class UpstreamSender {
  readonly #deps: UpstreamSenderDeps;
  readonly #options: UpstreamSenderOptions;

  constructor(deps: UpstreamSenderDeps, options: UpstreamSenderOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * Throws what keeps it from being sent (`overloaded`, `upstream_unreachable`, a storage failure, the reason of a
   * withdrawal), and `outcome_unknown` for what was sent and not answered, recorded as such.
   */
  async send(flight: Flight, order: Order): Promise<void> {
    if (order.mustRecord) await flight.record.save();
    if (order.isSync) flight.accept();
    const call = await order.call();
    const last = await this.#sendUntilAnswered(flight, order, call);
    if (last.answer === undefined)
      throw new AppError('upstream_unreachable', 'Upstream cannot be reached.', { cause: last.error });
    await this.#deps.judge.judge(flight, last.answer, last.elapsedMs);
  }

  async #sendUntilAnswered(flight: Flight, order: Order, call: GenerationCall): Promise<Try> {
    const { clock, reporter } = this.#deps;
    const { model } = flight.record.row;
    let last: Try | undefined;
    const policy = {
      signal: flight.withdrawal,
      waitAfter: (outcome: PromiseSettledResult<Try>, tried: { tries: number; elapsedMs: number }) => {
        if (outcome.status === 'rejected' || !outcome.value.mayPass) return undefined;
        const { answer } = outcome.value;
        const failure = {
          ...(answer === undefined ? { status: 0 } : readRefused(answer)),
          retryAfterMs: parseRetryAfter(answer && findHeader(answer.headers, 'retry-after'), clock.now()),
          attempts: tried.tries,
          elapsedMs: tried.elapsedMs,
        };
        const waitMs = nextDelay(failure, this.#options.retry, clock.random());
        if (waitMs !== undefined) reporter.report({ type: 'retry', model, status: failure.status, waitMs });
        return waitMs;
      },
    };
    return await retry(clock, policy, async (tries) => {
      try {
        last = await this.#try(flight, order, call, tries);
      } catch (error) {
        // No turn came for a further try: what the last one brought stands.
        if (last === undefined || !isAppError(error, 'overloaded')) throw error;
        return { ...last, mayPass: false };
      }
      return last;
    });
  }

  async #try(flight: Flight, order: Order, call: GenerationCall, tries: number): Promise<Try> {
    const { clock, upstream } = this.#deps;
    const { record } = flight;
    const permit = await this.#turn(flight);
    let taken: SendOutcome = 'failed';
    try {
      while (flight.deciding !== undefined) await flight.deciding;
      flight.withdrawal.throwIfAborted();
      await this.#recordSent(flight, order);
      const sentAt = clock.monotonic();
      flight.tell({ stage: 'running', since: clock.now() });
      const told = (status: number | undefined) => this.#told(flight, tries, sentAt, status);
      let answer: UpstreamAnswer;
      try {
        answer = await withDeadline(clock, this.#options.generationTimeoutMs, (signal) =>
          upstream.generate(call, signal),
        );
      } catch (error) {
        told(undefined);
        if (!(error instanceof TransportError) || error.sent) throw await this.#lost(flight, error);
        await record.advance('intended');
        return { answer: undefined, error, mayPass: true };
      }
      const elapsedMs = told(answer.status);
      if (answer.status === 429) taken = 'throttled';
      else if (answer.status < 500) taken = 'accepted';
      const mayPass = answer.streamed !== true && isRetryable(readRefused(answer));
      if (mayPass) await record.advance('intended');
      return { answer, elapsedMs, mayPass };
    } finally {
      permit.release(taken);
    }
  }

  /** What has to wait for its turn is on record meanwhile. */
  async #turn(flight: Flight): Promise<Permit> {
    const { governor } = this.#deps;
    const { model, account } = flight.record.row;
    let saving: Promise<void> | undefined;
    const moved = (position: number) => {
      saving ??= flight.record.flush();
      flight.tell({ stage: 'queued', position });
    };
    try {
      return await governor.acquire(model, account, moved, flight.withdrawal);
    } finally {
      await saving;
    }
  }

  /** The record must be durable before money can be spent; only a full disk is no reason to stop serving. */
  async #recordSent({ record }: Flight, { mustRecord }: Order): Promise<void> {
    try {
      await record.advanceOrThrow('sent');
    } catch (cause) {
      if (mustRecord || !isAppError(cause, 'storage_full')) throw cause;
      this.#deps.reporter.report({ type: 'failure', where: 'purchase record', cause });
      record.move('sent');
    }
  }

  /** Reports how one try went; returns how long it took. */
  #told({ record }: Flight, tries: number, sentAt: number, status: number | undefined): number {
    const elapsedMs = Math.round(this.#deps.clock.monotonic() - sentAt);
    this.#deps.reporter.report({ type: 'upstream', model: record.row.model, status, tries, elapsedMs });
    return elapsedMs;
  }

  async #lost({ record }: Flight, cause: unknown): Promise<AppError> {
    const error = lostError(cause);
    const facts = { error: cause instanceof Error ? cause.name : 'lost' };
    await record.lose(cause, facts, endOfFailure(error, this.#deps.clock.now()));
    return error;
  }
}

function lostError(cause: unknown): AppError {
  if (cause instanceof DeadlineError) return outcomeUnknown('Upstream did not answer in time.', cause);
  if (isAppError(cause)) return outcomeUnknown(cause.message, cause);
  return outcomeUnknown('The connection to upstream was lost after the request was sent.', cause);
}
