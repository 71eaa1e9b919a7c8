import { AppError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-text.ts';
import { readVendorTask, type VendorTask } from '../core/vendor-task.ts';
import type { Clock } from '../ports/clock.ts';
import type { ImageUpstream, UpstreamAnswer } from '../ports/image-upstream.ts';
import type { Reporter } from '../ports/reporter.ts';
import { withDeadline } from './deadline.ts';
import type { FlightProgress } from './flight-progress.ts';
import { Pacer } from './pacer.ts';

export interface FollowedTask {
  readonly id: string;
  readonly apiKey: string;
  /** Whose poll quota it counts against. */
  readonly account: string;
  readonly model: string;
}

/** The vendor allows 20 polls a second for one account; some are left to the clients' own. */
const POLLS_PER_SECOND = 15;
const POLL_TIMEOUT_MS = 30_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 5_000;
/** The vendor keeps a task for a day after it ended, and ends the slowest after three hours. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;

/** Follows the vendor's tasks to their end, one poller per task whoever waits for it. */
export class TaskPoller {
  readonly #upstream: ImageUpstream;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #pacer: Pacer;
  readonly #stopped = new AbortController();

  constructor(parts: { upstream: ImageUpstream; clock: Clock; reporter: Reporter }) {
    this.#upstream = parts.upstream;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
    this.#pacer = new Pacer(parts.clock, POLLS_PER_SECOND);
  }

  /**
   * The task at its end. Failures to poll are lived through: the job goes on without us. `outcome_unknown` when the
   * vendor no longer knows the task, or for a day says nothing of it.
   */
  async follow(task: FollowedTask, progress: FlightProgress): Promise<VendorTask> {
    const startedAt = this.#clock.now();
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(MAX_DELAY_MS, delayMs * 1.5)) {
      await this.#clock.sleep(delayMs, this.#stopped.signal);
      const seen = await this.#poll(task);
      if (seen?.state === 'PENDING' || seen?.state === 'RUNNING') progress.state = seen.state;
      else if (seen?.state === 'UNKNOWN') throw unknown('The vendor does not know the task any more.');
      else if (seen !== undefined) return seen;
      if (this.#clock.now() - startedAt > PATIENCE_MS)
        throw unknown('The vendor said nothing of the task for a day.');
    }
  }

  /** Ends all following; the jobs go on at the vendor's, and their attempts stay on record for the next start. */
  stop(): void {
    this.#stopped.abort(new AppError('shutting_down', 'The server is stopping.'));
  }

  async #poll({ id, apiKey, account, model }: FollowedTask): Promise<VendorTask | undefined> {
    await this.#pacer.turn(account);
    let answer: UpstreamAnswer;
    try {
      answer = await withDeadline(this.#clock, POLL_TIMEOUT_MS, (signal) =>
        this.#upstream.poll(id, apiKey, signal),
      );
    } catch (cause) {
      this.#reporter.report({ type: 'failure', where: `poll of a task of ${model}`, cause });
      return undefined;
    }
    return answer.status === 200 ? readVendorTask(parse(answer)) : undefined;
  }
}

function parse(answer: UpstreamAnswer): JsonValue {
  try {
    const value: JsonValue = JSON.parse(new TextDecoder().decode(answer.body));
    return value;
  } catch {
    // No JSON is no news of the task; the next poll may bring some.
    return null;
  }
}

function unknown(message: string): AppError {
  return new AppError('outcome_unknown', message);
}
