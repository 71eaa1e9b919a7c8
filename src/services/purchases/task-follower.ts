import { readUpstreamTask, type UpstreamTask } from '../../core/dashscope/upstream-task.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json/json-value.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';
import { withDeadline } from '../limits/deadline.ts';
import type { Pacer } from '../limits/pacer.ts';
import { endOfFailure, taskCanceled } from '../tasks/task-end.ts';
import type { AnswerJudge } from './answer-judge.ts';
import type { Flight } from './flight.ts';
import { UPSTREAM_LIFE_MS } from './purchase.ts';
import { outcomeUnknown } from './refused-answer.ts';
import { taskAnswer } from './task-answer.ts';

/** A job of the vendor's at its end. */
interface Ended {
  readonly task: UpstreamTask;
  /** A simulator told of it. */
  readonly simulated: boolean;
}

const POLL_TIMEOUT_MS = 30_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 5_000;
/** While the vendor tells nothing: it has trouble enough. */
const MAX_SILENT_DELAY_MS = 60_000;

/** Collaborators of `TaskFollower`. */
export interface TaskFollowerDeps {
  readonly upstream: ImageUpstream;
  readonly judge: AnswerJudge;
  readonly pacer: Pacer;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Drives what is `accepted` on: follows the vendor's job until it has ended, or its life has. */
export class TaskFollower {
  readonly #deps: TaskFollowerDeps;
  readonly #stopped = new AbortController();

  constructor(deps: TaskFollowerDeps) {
    this.#deps = deps;
  }

  /** False when the key that may ask about it is not here: then nothing has changed. `shutting_down` once stopped. */
  async follow(flight: Flight): Promise<boolean> {
    flight.accept();
    const { record, apiKey } = flight;
    const { upstreamTask } = record.row;
    const { clock, judge } = this.#deps;
    const isOver = () => record.ageMs > UPSTREAM_LIFE_MS;
    if (upstreamTask === undefined || (apiKey === undefined && isOver())) {
      await this.#lose(flight);
      return true;
    }
    if (apiKey === undefined) return false;
    const startedAt = clock.monotonic();
    let delayMs = FIRST_DELAY_MS;
    for (;;) {
      await clock.sleep(delayMs, this.#stopped.signal);
      const seen = await this.#poll(flight, upstreamTask, apiKey);
      this.#stopped.signal.throwIfAborted();
      // What could not be written when the vendor took the job: a crash would forget what is paid for.
      await record.flush();
      if (seen !== undefined && isEnd(seen)) {
        const elapsedMs = Math.round(clock.monotonic() - startedAt);
        if (seen.task.state === 'CANCELED')
          await this.#canceled(flight, taskAnswer(seen.task, seen.simulated));
        else await judge.judge(flight, taskAnswer(seen.task, seen.simulated), elapsedMs);
        return true;
      }
      const isTold = seen !== undefined && seen.task.state !== 'UNKNOWN';
      if (isTold) flight.upstreamState = seen.task.state === 'RUNNING' ? 'RUNNING' : 'PENDING';
      delayMs = isTold ? Math.min(MAX_DELAY_MS, delayMs * 1.5) : Math.min(MAX_SILENT_DELAY_MS, delayMs * 2);
      // Of what the vendor still tells, only time that has passed here is proof.
      if (isTold ? clock.monotonic() - startedAt > UPSTREAM_LIFE_MS : isOver()) {
        await this.#lose(flight);
        return true;
      }
    }
  }

  /** Ends all following; the jobs go on at the vendor's, and their purchases stay on record for the next start. */
  stop(): void {
    this.#stopped.abort(new AppError('shutting_down', 'The server is stopping; the picture is drawn on.'));
  }

  async #canceled(flight: Flight, answer: UpstreamAnswer): Promise<void> {
    await flight.record.advance('withdrawn', { status: answer.status }, taskCanceled(this.#deps.clock.now()));
    flight.settle({ kind: 'relay', answer, detail: undefined, isAccounts: false });
  }

  /** Nothing that it may still come to can be had any more. */
  async #lose(flight: Flight): Promise<void> {
    const error = outcomeUnknown('The vendor said nothing of the task for as long as it keeps one.');
    await flight.record.lose(error, { error: error.message }, endOfFailure(error, this.#deps.clock.now()));
    flight.fail(error);
  }

  /** What the vendor says of a job; undefined when it says nothing of it. Neither ends anything but its own word. */
  async #poll(flight: Flight, id: string, apiKey: string): Promise<Ended | undefined> {
    const { account, model } = flight.record.row;
    await this.#deps.pacer.turn(account, { signal: this.#stopped.signal });
    try {
      const answer = await withDeadline(this.#deps.clock, POLL_TIMEOUT_MS, (signal) =>
        this.#deps.upstream.poll(id, apiKey, signal),
      );
      const task = answer.status === 200 ? readUpstreamTask(jsonOf(answer)) : undefined;
      return task && { task, simulated: answer.simulated };
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: `poll of a task of ${model}`, cause });
      return undefined;
    }
  }
}

function isEnd({ task: { state } }: Ended): boolean {
  return state !== 'PENDING' && state !== 'RUNNING' && state !== 'UNKNOWN';
}

/** The JSON in an answer; null when it holds none, such as a gateway's page. */
function jsonOf({ body }: Pick<UpstreamAnswer, 'body'>): JsonValue {
  try {
    const value: JsonValue = JSON.parse(new TextDecoder().decode(body));
    return value;
  } catch {
    return null;
  }
}
