import { isAppError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { FlightProgress } from './flight-progress.ts';
import type { FlightOutcome } from './image-request.ts';
import type { Delivered, Settlement } from './settlement.ts';
import { deliverTask } from './task-delivery.ts';
import type { FollowedTask, TaskPoller } from './task-poller.ts';

/** Brings a task of the vendor's home: follows it to its end and settles what it came to. */
export class TaskFollower {
  readonly #poller: TaskPoller;
  readonly #settlement: Settlement;
  readonly #clock: Clock;
  readonly #reporter: Reporter;

  constructor(parts: { poller: TaskPoller; settlement: Settlement; clock: Clock; reporter: Reporter }) {
    this.#poller = parts.poller;
    this.#settlement = parts.settlement;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
  }

  /** `simulated` as the submission's answer said. Throws `outcome_unknown`, recorded, when the vendor has lost it. */
  async follow(
    task: FollowedTask,
    delivered: Omit<Delivered, 'answer' | 'elapsedMs'> & { readonly simulated: boolean },
    progress: FlightProgress,
  ): Promise<FlightOutcome> {
    progress.upstreamTask = task.id;
    progress.accept();
    const startedAt = this.#clock.now();
    const { simulated, ...rest } = delivered;
    try {
      const ended = await this.#poller.follow(task, progress);
      return await this.#settlement.settle({
        ...rest,
        answer: deliverTask(ended, simulated),
        elapsedMs: this.#clock.now() - startedAt,
        unstorable: rest.unstorable ?? (ended.isPartial ? 'partial failure' : undefined),
      });
    } catch (error) {
      if (!isAppError(error, 'outcome_unknown')) throw error;
      const { attemptId, identity } = delivered;
      await this.#settlement.finish(attemptId, 'unknown', { error: error.message });
      this.#reporter.report({ type: 'outcome-unknown', attemptId, model: identity.model, cause: error });
      throw error;
    }
  }
}
