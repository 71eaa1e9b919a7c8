import { isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AttemptCloser } from '../attempts/attempt-closer.ts';
import type { FlightProgress } from '../flights/flight-progress.ts';
import type { VendorJob } from '../flights/vendor-job.ts';
import type { FlightOutcome } from '../image-request.ts';
import type { Delivered, Settlement } from './answer-handler.ts';
import { deliverTask } from './task-answer.ts';
import type { TaskPoller } from './task-poller.ts';

/** What is known of a job's answer before it has come. */
export type Expected = Omit<Delivered, 'answer' | 'elapsedMs'>;

/** Brings a task of the vendor's home: follows it to its end and settles what it came to. */
export class TaskFollower {
  readonly #poller: TaskPoller;
  readonly #settlement: Settlement;
  readonly #closer: AttemptCloser;
  readonly #clock: Clock;

  constructor(parts: { poller: TaskPoller; settlement: Settlement; closer: AttemptCloser; clock: Clock }) {
    this.#poller = parts.poller;
    this.#settlement = parts.settlement;
    this.#closer = parts.closer;
    this.#clock = parts.clock;
  }

  /** Throws `outcome_unknown`, recorded, when the vendor has lost the task or will not tell of it. */
  async follow(job: VendorJob, expected: Expected, progress: FlightProgress): Promise<FlightOutcome> {
    progress.job = job;
    progress.accept();
    const startedAt = this.#clock.now();
    try {
      const { task, simulated } = await this.#poller.follow(job, progress);
      return await this.#settlement.settle({
        ...expected,
        answer: deliverTask(task, simulated),
        elapsedMs: this.#clock.now() - startedAt,
        unstorable: expected.unstorable ?? (task.isPartial ? 'partial failure' : undefined),
      });
    } catch (error) {
      if (!isAppError(error, 'outcome_unknown')) throw error;
      const attempt = { id: expected.attemptId, model: job.model };
      await this.#closer.lose(attempt, error, { error: error.message });
      throw error;
    }
  }
}
