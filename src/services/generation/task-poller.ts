import { readVendorTask, type VendorTask } from '../../core/dashscope/vendor-task.ts';
import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { FlightProgress } from '../flights/flight-progress.ts';
import type { VendorJob } from '../flights/vendor-job.ts';
import { withDeadline } from '../limits/deadline.ts';
import type { Pacer } from '../limits/pacer.ts';
import { jsonOf } from './answer-json.ts';

/** A task of the vendor's, at its end when `follow` returns it. */
export interface FollowedTask {
  readonly task: VendorTask;
  /** A simulator told of it. */
  readonly simulated: boolean;
}

/** What one poll brought: the task, nothing that tells of it, or the vendor's refusal to tell. */
type Seen = FollowedTask | 'silence' | { readonly refusedWith: number };

const POLL_TIMEOUT_MS = 30_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 5_000;
/** While the vendor tells nothing: it has trouble enough. */
const MAX_SILENT_DELAY_MS = 60_000;
/** A key that is refused so often in a row, for half a minute, has been revoked or has expired: no gateway's slip. */
const MAX_REFUSALS = 6;
/** The vendor keeps a task for a day after it ended, and ends the slowest after three hours. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;

/** Collaborators of `TaskPoller`. */
export interface TaskPollerDeps {
  readonly upstream: ImageUpstream;
  readonly pacer: Pacer;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Follows the vendor's tasks to their end, one poller per task whoever waits for it. */
export class TaskPoller {
  readonly #deps: TaskPollerDeps;
  readonly #stopped = new AbortController();

  constructor(deps: TaskPollerDeps) {
    this.#deps = deps;
  }

  /**
   * The task at its end. Failures to poll are lived through: the job goes on without us. `outcome_unknown` when the
   * vendor no longer knows the task, refuses to tell of it, or for a day says nothing.
   */
  async follow(job: VendorJob, progress: FlightProgress): Promise<FollowedTask> {
    const startedAt = this.#deps.clock.now();
    let refusals = 0;
    let delayMs = FIRST_DELAY_MS;
    for (;;) {
      await this.#deps.clock.sleep(delayMs, this.#stopped.signal);
      const seen = await this.#poll(job);
      this.#stopped.signal.throwIfAborted();
      if (typeof seen === 'object' && 'task' in seen) {
        const { state } = seen.task;
        if (state === 'UNKNOWN') throw unknown('The vendor does not know the task any more.');
        if (state !== 'PENDING' && state !== 'RUNNING') return seen;
        progress.state = state;
        refusals = 0;
        delayMs = Math.min(MAX_DELAY_MS, delayMs * 1.5);
      } else {
        refusals = seen === 'silence' ? 0 : refusals + 1;
        if (seen !== 'silence' && refusals === MAX_REFUSALS)
          throw unknown(`The vendor refuses to tell of the task, with status ${seen.refusedWith}.`);
        delayMs = Math.min(MAX_SILENT_DELAY_MS, delayMs * 2);
      }
      if (this.#deps.clock.now() - startedAt > PATIENCE_MS)
        throw unknown('The vendor said nothing of the task for a day.');
    }
  }

  /** Ends all following; the jobs go on at the vendor's, and their attempts stay on record for the next start. */
  stop(): void {
    this.#stopped.abort(new AppError('shutting_down', 'The server is stopping.'));
  }

  async #poll({ id, apiKey, account, model }: VendorJob): Promise<Seen> {
    await this.#deps.pacer.turn(account, { signal: this.#stopped.signal });
    let answer: UpstreamAnswer;
    try {
      answer = await withDeadline(this.#deps.clock, POLL_TIMEOUT_MS, (signal) =>
        this.#deps.upstream.poll(id, apiKey, signal),
      );
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: `poll of a task of ${model}`, cause });
      return 'silence';
    }
    const { status } = answer;
    if (status === 200) {
      const task = readVendorTask(jsonOf(answer));
      return task === undefined ? 'silence' : { task, simulated: answer.simulated };
    }
    return isRefusal(status) ? { refusedWith: status } : 'silence';
  }
}

/** The same question would be refused again: not a time that ran out, and not a question too many. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

function unknown(message: string): AppError {
  return new AppError('outcome_unknown', message);
}
