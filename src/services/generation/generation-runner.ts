import { isSuccess, readAnswer } from '../../core/dashscope/answer.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { EntryIdentity } from '../attempts/entry-identity.ts';
import type { FlightProgress } from '../flights/flight-progress.ts';
import type { FlightRegistry } from '../flights/flight-registry.ts';
import type { StageListener } from '../flights/flight-stage.ts';
import type { FlightOutcome, ForwardReason, ImageRequest } from '../image-request.ts';
import type { AnswerHandler } from './answer-handler.ts';
import type { TaskFollower } from './task-follower.ts';
import type { UpstreamSender } from './upstream-sender.ts';

/** Collaborators of `GenerationRunner`. */
export interface GenerationRunnerDeps {
  readonly board: FlightRegistry;
  readonly buyer: UpstreamSender;
  readonly attempts: AttemptStore;
  readonly settlement: AnswerHandler;
  readonly follower: TaskFollower;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** One purchase from its attempt to what it came to, whichever style upstream serves the model in. */
export class GenerationRunner {
  readonly #deps: GenerationRunnerDeps;

  constructor(deps: GenerationRunnerDeps) {
    this.#deps = deps;
  }

  /** Throws as `UpstreamSender.buy`, `AnswerHandler.settle` and `TaskFollower.follow` do. */
  async purchase(
    request: ImageRequest,
    fwd: ForwardReason,
    progress: FlightProgress,
  ): Promise<FlightOutcome> {
    const { site, scope, key, account, isAsyncUpstream, directives } = request;
    const identity = identityOf(request);
    const { model } = identity;
    const attemptId = this.#deps.clock.uuid();
    const createdAt = this.#deps.clock.now();
    this.#deps.board.assign(progress, { id: attemptId, model, createdAt });
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
    const { answer, elapsedMs } = await this.#deps.buyer.buy({ call, account, attempt, onStage });
    const unstorable = directives.noStore ? 'no-store' : undefined;
    const expected = { attemptId, identity, unstorable, onStage };
    const read = isSuccess(answer.status) ? readAnswer(answer.body) : undefined;
    if (read?.kind !== 'task') return await this.#deps.settlement.settle({ ...expected, answer, elapsedMs });
    const id = read.taskId;
    await this.#submitted(attemptId, id);
    const job = { id, apiKey: call.apiKey, account, model };
    return await this.#deps.follower.follow(job, expected, progress);
  }

  /** The job is the vendor's by now: that its id cannot be written down is no reason to leave the picture there. */
  async #submitted(attemptId: string, job: string): Promise<void> {
    try {
      await this.#deps.attempts.submitted(attemptId, job, this.#deps.clock.now());
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'attempt record', cause });
    }
  }
}

function identityOf({ site, scope, key, recipe, directives, references }: ImageRequest): EntryIdentity {
  const { canonical, model, prompt } = recipe;
  return { site, scope, key, canonical, model, prompt, take: directives.take, references };
}
