import type { CacheStatus } from '../../core/cache/cache-status.ts';
import type { AnswerFamily } from '../../core/dashscope/endpoints.ts';
import type { Entry } from '../../core/entries/entry.ts';
import type { Principal } from '../../core/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import type { FlightProgress } from '../flights/flight-progress.ts';
import type { FlightRegistry } from '../flights/flight-registry.ts';
import type { VendorJob } from '../flights/vendor-job.ts';
import type { ImageService } from '../generation/image-service.ts';
import type { ImageOutcome, ImageRequest, StartedRequest } from '../image-request.ts';
import { withDeadline } from '../limits/deadline.ts';
import { isKnown, TASK_LIFE_MS, type Task, type TaskState } from './task.ts';
import type { TaskCompleter } from './task-completer.ts';
import { endOfOutcome } from './task-end.ts';
import type { TaskRecovery } from './task-recovery.ts';
import type { TaskStore } from './task-store.ts';

/** What came of a submission: a task, or upstream's refusal. */
export type Submission =
  | {
      readonly kind: 'task';
      readonly id: string;
      readonly status: CacheStatus;
      /** Resolves when what is needed to draw it may be let go. */
      readonly ended: Promise<void>;
    }
  | { readonly kind: 'relay'; readonly answer: UpstreamAnswer; readonly status: CacheStatus };

/** A task as its client may see it now. */
export interface TaskView {
  readonly task: Task;
  readonly state: TaskState;
  /** Set once it has succeeded with an entry. */
  readonly entry: Entry | undefined;
}

export type Cancellation =
  | { readonly kind: 'canceled' }
  /** It is no longer pending. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'relay'; readonly answer: UpstreamAnswer };

type NewTask = Omit<Task, 'state' | 'attemptId' | 'entryId' | 'body' | 'endedAt'>;

type Flying = Extract<StartedRequest, { ticket: unknown }>;

const CANCEL_TIMEOUT_MS = 30_000;

/** Collaborators of `TaskService`. */
export interface TaskServiceDeps {
  readonly images: ImageService;
  readonly tasks: TaskStore;
  readonly ends: TaskCompleter;
  readonly recovery: TaskRecovery;
  readonly board: FlightRegistry;
  readonly entries: EntryStore;
  readonly upstream: ImageUpstream;
  readonly clock: Clock;
}

/** Asynchronous tasks under ids of our own; what is drawn goes the same way as all pictures. */
export class TaskService {
  readonly #deps: TaskServiceDeps;

  constructor(deps: TaskServiceDeps) {
    this.#deps = deps;
  }

  /** Answers when the job is sure to go on without its client: from the store, or taken by upstream. */
  async submit(request: ImageRequest, family: AnswerFamily): Promise<Submission> {
    const started = await this.#deps.images.start(request);
    const task = {
      id: this.#deps.clock.uuid(),
      site: request.site,
      scope: request.scope,
      key: request.key,
      model: request.recipe.model,
      family,
      submittedAt: this.#deps.clock.now(),
    };
    if ('hit' in started) return await this.#done(task, started.hit);
    const first = await Promise.race([started.outcome, started.ticket.accepted]);
    return 'kind' in first ? await this.#done(task, first) : await this.#wait(task, started, first);
  }

  async #wait(
    task: NewTask,
    { ticket, fwd, outcome }: Flying,
    { attempt }: FlightProgress,
  ): Promise<Submission> {
    const unended = { state: 'PENDING', entryId: undefined, body: undefined, endedAt: undefined } as const;
    await this.#deps.tasks.insert({ ...task, ...unended, attemptId: attempt?.id });
    const ended = this.#deps.ends.endTask(task.id, outcome);
    const status = { kind: 'forwarded', fwd, stored: false, collapsed: ticket.joined } as const;
    return { kind: 'task', id: task.id, status, ended };
  }

  async #done(task: NewTask, outcome: ImageOutcome): Promise<Submission> {
    if (outcome.kind === 'relay' && outcome.answer.status !== 200) return outcome;
    const { state, at, entryId, body } = endOfOutcome(outcome, this.#deps.clock.now());
    await this.#deps.tasks.insert({ ...task, state, endedAt: at, attemptId: undefined, entryId, body });
    return { kind: 'task', id: task.id, status: outcome.status, ended: Promise.resolve() };
  }

  /** A task of this caller's; undefined when there is none that is still known. */
  async find(id: string, principal: Principal): Promise<TaskView | undefined> {
    const found = await this.#deps.tasks.find(id);
    if (found?.scope !== principal.scope || !isKnown(found, this.#deps.clock.now())) return undefined;
    const task = await this.#deps.recovery.refresh(found, principal);
    const state = this.stateOf(task);
    if (task.entryId === undefined) {
      const isGone = state === 'SUCCEEDED' && task.body === undefined;
      return isGone ? undefined : { task, state, entry: undefined };
    }
    const entry = await this.#deps.entries.findById(task.entryId);
    // Evicted or purged: there is nothing left to show for it.
    return entry === undefined ? undefined : { task, state, entry };
  }

  /** Where a task stands: while its job is in the air, where the vendor says; the row learns of the end only. */
  stateOf({ state, attemptId, endedAt }: Task): TaskState {
    if (endedAt !== undefined || attemptId === undefined) return state;
    return this.#deps.board.progressOf(attemptId)?.state ?? state;
  }

  /** Cancels this task; the job behind it only when nobody else waits for it. Undefined when there is no such task. */
  async cancel(id: string, principal: Principal): Promise<Cancellation | undefined> {
    const view = await this.find(id, principal);
    if (view === undefined) return undefined;
    if (view.state !== 'PENDING' || view.task.attemptId === undefined) return { kind: 'refused' };
    const progress = this.#deps.board.progressOf(view.task.attemptId);
    if (progress?.job !== undefined && progress.interested <= 1) {
      const answer = await this.#cancelUpstream(progress, progress.job);
      if (answer.status !== 200) return { kind: 'relay', answer };
    }
    // Canceled twice at once, it counts once: others may wait for the same job.
    if (!(await this.#deps.tasks.end(id, { state: 'CANCELED', at: this.#deps.clock.now() })))
      return { kind: 'refused' };
    if (progress !== undefined) progress.interested -= 1;
    return { kind: 'canceled' };
  }

  /**
   * With the key that submitted the job, whoever of its scope asks. From the question on nobody joins the job, unless the
   * vendor will not drop it.
   */
  async #cancelUpstream(progress: FlightProgress, { id, apiKey }: VendorJob): Promise<UpstreamAnswer> {
    let isCanceled = false;
    progress.isCanceled = true;
    try {
      const answer = await withDeadline(this.#deps.clock, CANCEL_TIMEOUT_MS, (signal) =>
        this.#deps.upstream.cancel(id, apiKey, signal),
      );
      isCanceled = answer.status === 200;
      return answer;
    } finally {
      progress.isCanceled = isCanceled;
    }
  }

  /** This caller's tasks that are still known, newest first. */
  async list(principal: Principal): Promise<readonly Task[]> {
    const now = this.#deps.clock.now();
    const tasks = await this.#deps.tasks.listSince(principal.scope, now - TASK_LIFE_MS);
    return tasks.filter((task) => isKnown(task, now));
  }

  /** The vendor's ids of jobs behind tasks of ours: they are not shown beside them. */
  async upstreamIds(): Promise<ReadonlySet<string>> {
    return await this.#deps.tasks.upstreamIdsSince(this.#deps.clock.now() - TASK_LIFE_MS);
  }
}
