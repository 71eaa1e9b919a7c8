import { readTaskId } from '../../core/dashscope/vendor-task.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { EntryIdentity } from '../attempts/entry-identity.ts';
import type { FlightProgress } from '../flights/flight-progress.ts';
import type { FlightBoard } from '../flights/flight-registry.ts';
import type { StageListener } from '../flights/flight-stage.ts';
import type { FlightOutcome, ForwardReason, ImageRequest } from '../image-request.ts';
import type { Settlement } from './answer-handler.ts';
import { jsonOf } from './answer-json.ts';
import type { TaskFollower } from './task-follower.ts';
import type { Buyer } from './upstream-sender.ts';

/** One purchase from its attempt to what it came to, whichever style upstream serves the model in. */
export class Purchasing {
  readonly #board: FlightBoard;
  readonly #buyer: Buyer;
  readonly #attempts: AttemptStore;
  readonly #settlement: Settlement;
  readonly #follower: TaskFollower;
  readonly #clock: Clock;
  readonly #reporter: Reporter;

  constructor(parts: {
    board: FlightBoard;
    buyer: Buyer;
    attempts: AttemptStore;
    settlement: Settlement;
    follower: TaskFollower;
    clock: Clock;
    reporter: Reporter;
  }) {
    this.#board = parts.board;
    this.#buyer = parts.buyer;
    this.#attempts = parts.attempts;
    this.#settlement = parts.settlement;
    this.#follower = parts.follower;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
  }

  /** Throws as `Buyer.buy`, `Settlement.settle` and `TaskFollower.follow` do. */
  async purchase(
    request: ImageRequest,
    fwd: ForwardReason,
    progress: FlightProgress,
  ): Promise<FlightOutcome> {
    const { site, scope, key, account, isAsyncUpstream, directives } = request;
    const identity = identityOf(request);
    const { model } = identity;
    const attemptId = this.#clock.uuid();
    const createdAt = this.#clock.now();
    this.#board.assign(progress, { id: attemptId, model, createdAt });
    const onStage: StageListener = (stage) => progress.tell(stage);
    // Nothing is to be heard from a synchronous endpoint before its end.
    if (!isAsyncUpstream) progress.accept();
    const call = await request.call(fwd);
    const attempt = {
      id: attemptId,
      site,
      scope,
      key,
      model,
      account,
      // What was asked not to be stored leaves no words behind.
      recipe: directives.noStore ? undefined : JSON.stringify(identity),
      createdAt,
    };
    const { answer, elapsedMs } = await this.#buyer.buy({ call, account, attempt, onStage });
    const unstorable = directives.noStore ? 'no-store' : undefined;
    const expected = { attemptId, identity, unstorable, onStage };
    const id = isAsyncUpstream && answer.status === 200 ? readTaskId(jsonOf(answer)) : undefined;
    if (id === undefined) return await this.#settlement.settle({ ...expected, answer, elapsedMs });
    await this.#submitted(attemptId, id);
    const job = { id, apiKey: call.apiKey, account, model };
    return await this.#follower.follow(job, expected, progress);
  }

  /** The job is the vendor's by now: that its id cannot be written down is no reason to leave the picture there. */
  async #submitted(attemptId: string, job: string): Promise<void> {
    try {
      await this.#attempts.submitted(attemptId, job, this.#clock.now());
    } catch (cause) {
      this.#reporter.report({ type: 'failure', where: 'attempt record', cause });
    }
  }
}

function identityOf({ site, scope, key, recipe, directives, references }: ImageRequest): EntryIdentity {
  const { canonical, model, prompt } = recipe;
  return { site, scope, key, canonical, model, prompt, take: directives.take, references };
}
