import { readErrorBody } from '../../core/dashscope/error-body.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import { findHeader } from '../../core/headers.ts';
import { nextDelay, parseRetryAfter, type RetryLimits } from '../../core/retry-policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GenerationCall, ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';
import { TransportError } from '../../ports/transport.ts';
import type { NewAttempt } from '../attempts/attempt.ts';
import type { AttemptCloser } from '../attempts/attempt-closer.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { StageListener } from '../flights/flight-stage.ts';
import { DeadlineError, withDeadline } from '../limits/deadline.ts';
import type { Governor } from '../limits/governor.ts';

export interface BuyerOptions {
  readonly retry: RetryLimits;
  /** How long upstream may take to draw, in milliseconds. */
  readonly generationTimeoutMs: number;
}

export interface Purchase {
  readonly call: GenerationCall;
  /** Whose limits it counts against. */
  readonly account: string;
  readonly attempt: NewAttempt;
  /** Told when it waits for its turn, and when it is sent. */
  readonly onStage?: StageListener | undefined;
}

export interface Bought {
  readonly answer: UpstreamAnswer;
  /** From sending the last attempt to its answer, in milliseconds. */
  readonly elapsedMs: number;
}

/** What one attempt brought: an answer, or the certainty that nothing was sent. */
type Sent = Bought | { readonly answer: undefined; readonly error: unknown };

/** Sends what costs money: after its attempt is on record, in its turn, and again only where that cannot pay twice. */
export class UpstreamSender {
  readonly #upstream: ImageUpstream;
  readonly #governor: Governor;
  readonly #attempts: AttemptStore;
  readonly #closer: AttemptCloser;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #options: BuyerOptions;

  constructor(
    ports: {
      upstream: ImageUpstream;
      governor: Governor;
      attempts: AttemptStore;
      closer: AttemptCloser;
      clock: Clock;
      reporter: Reporter;
    },
    options: BuyerOptions,
  ) {
    this.#upstream = ports.upstream;
    this.#governor = ports.governor;
    this.#attempts = ports.attempts;
    this.#closer = ports.closer;
    this.#clock = ports.clock;
    this.#reporter = ports.reporter;
    this.#options = options;
  }

  /**
   * Upstream's last word, whatever its status. Throws `overloaded` (no turn came), `upstream_unreachable` (nothing was
   * sent), `upstream_timeout` and `outcome_unknown` (sent, but what became of it is not known; recorded as such).
   */
  async buy(purchase: Purchase): Promise<Bought> {
    const { attempt } = purchase;
    let firstFailureAt: number | undefined;
    let last: Sent | undefined;
    for (let attempts = 1; ; attempts += 1) {
      let sent: Sent;
      try {
        sent = await this.#send(purchase, attempts);
      } catch (error) {
        // No turn came for a further attempt: what the last one brought stands.
        if (last === undefined || !isAppError(error, 'overloaded')) throw error;
        return await this.#conclude(attempt, last);
      }
      last = sent;
      const { answer } = sent;
      if (answer !== undefined && (answer.status < 429 || answer.streamed)) return sent;
      const now = this.#clock.now();
      firstFailureAt ??= now;
      const refusal = answer === undefined ? {} : readErrorBody(answer.body);
      const waitMs = nextDelay(
        {
          status: answer?.status ?? 0,
          code: refusal.code,
          message: refusal.message,
          retryAfterMs: parseRetryAfter(answer && findHeader(answer.headers, 'retry-after'), now),
          attempts,
          elapsedMs: now - firstFailureAt,
        },
        this.#options.retry,
        this.#clock.random(),
      );
      if (waitMs === undefined) return await this.#conclude(attempt, sent);
      this.#reporter.report({ type: 'retry', model: attempt.model, status: answer?.status ?? 0, waitMs });
      await this.#clock.sleep(waitMs);
    }
  }

  /** After the last attempt. */
  async #conclude(attempt: NewAttempt, last: Sent): Promise<Bought> {
    if (last.answer !== undefined) return last;
    await this.#closer.close(attempt.id, { state: 'failed', error: 'unreachable' });
    throw new AppError('upstream_unreachable', 'Upstream cannot be reached.', { cause: last.error });
  }

  async #send({ call, account, attempt, onStage }: Purchase, attempts: number): Promise<Sent> {
    const permit = await this.#governor.acquire(attempt.model, account, (position) =>
      onStage?.({ stage: 'queued', position }),
    );
    let outcome: 'accepted' | 'throttled' | 'failed' = 'failed';
    try {
      if (attempts === 1) await this.#record(attempt);
      const sentAt = this.#clock.now();
      onStage?.({ stage: 'running', since: sentAt });
      const { generationTimeoutMs } = this.#options;
      try {
        const answer = await withDeadline(this.#clock, generationTimeoutMs, (signal) =>
          this.#upstream.generate(call, signal),
        );
        const elapsedMs = this.#told(attempt, attempts, sentAt, answer.status);
        if (answer.status === 429) outcome = 'throttled';
        else if (answer.status < 500) outcome = 'accepted';
        return { answer, elapsedMs };
      } catch (error) {
        this.#told(attempt, attempts, sentAt, undefined);
        if (error instanceof TransportError && !error.sent) return { answer: undefined, error };
        throw await this.#lost(attempt, error);
      }
    } finally {
      permit.release(outcome);
    }
  }

  /** Reports how one attempt went; returns how long it took. */
  #told({ model }: NewAttempt, attempt: number, sentAt: number, status: number | undefined): number {
    const elapsedMs = this.#clock.now() - sentAt;
    this.#reporter.report({ type: 'upstream', model, status, attempt, elapsedMs });
    return elapsedMs;
  }

  /** The record must be durable before money can be spent; only a full disk is no reason to stop serving. */
  async #record(attempt: NewAttempt): Promise<void> {
    try {
      await this.#attempts.open(attempt);
    } catch (error) {
      if (!isAppError(error, 'storage_full')) throw error;
      this.#reporter.report({ type: 'failure', where: 'attempt record', cause: error });
    }
  }

  async #lost(attempt: NewAttempt, cause: unknown): Promise<AppError> {
    await this.#closer.lose(attempt, cause, { error: cause instanceof Error ? cause.name : 'lost' });
    if (cause instanceof DeadlineError) {
      return new AppError(
        'upstream_timeout',
        'Upstream did not answer in time; whether it drew is not known.',
        { cause },
      );
    }
    const what = isAppError(cause)
      ? cause.message
      : 'The connection to upstream was lost after the request was sent.';
    return new AppError(
      'outcome_unknown',
      `${what} Whether it drew is not known, so it was not sent again.`,
      {
        cause,
      },
    );
  }
}
