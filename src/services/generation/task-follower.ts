import { isAppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AttemptCloser } from '../attempts/attempt-closer.ts';
import type { FlightProgress } from '../flights/flight-progress.ts';
import type { VendorJob } from '../flights/vendor-job.ts';
import type { FlightOutcome } from '../image-request.ts';
import type { AnswerHandler, Delivered } from './answer-handler.ts';
import { taskAnswer } from './task-answer.ts';
import type { TaskPoller } from './task-poller.ts';

/** What is known of a job's answer before it has come. */
export type Expected = Omit<Delivered, 'answer' | 'elapsedMs'>;

/** Collaborators of `TaskFollower`. */
export interface TaskFollowerDeps {
  readonly poller: TaskPoller;
  readonly settlement: AnswerHandler;
  readonly closer: AttemptCloser;
  readonly clock: Clock;
}

/** Brings a task of the vendor's home: follows it to its end and settles what it came to. */
export class TaskFollower {
  readonly #deps: TaskFollowerDeps;

  constructor(deps: TaskFollowerDeps) {
    this.#deps = deps;
  }

  /** Throws `outcome_unknown`, recorded, when the vendor has lost the task or will not tell of it. */
  async follow(job: VendorJob, expected: Expected, progress: FlightProgress): Promise<FlightOutcome> {
    progress.job = job;
    progress.accept();
    const startedAt = this.#deps.clock.now();
    try {
      const { task, simulated } = await this.#deps.poller.follow(job, progress);
      return await this.#deps.settlement.settle({
        ...expected,
        answer: taskAnswer(task, simulated),
        elapsedMs: this.#deps.clock.now() - startedAt,
        unstorable: expected.unstorable ?? (task.isPartial ? 'partial failure' : undefined),
      });
    } catch (error) {
      if (!isAppError(error, 'outcome_unknown')) throw error;
      const attempt = { id: expected.attemptId, model: job.model };
      await this.#deps.closer.lose(attempt, error, { error: error.message });
      throw error;
    }
  }
}
