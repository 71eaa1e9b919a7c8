import type { CacheStatus } from '../core/cache-status.ts';
import type { Entry } from '../core/entry.ts';
import { isAppError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { AnswerFamily } from '../core/services.ts';
import type { Clock } from '../ports/clock.ts';
import type { ImageUpstream, UpstreamAnswer } from '../ports/image-upstream.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { Attempt, AttemptStore } from './attempt-store.ts';
import { withDeadline } from './deadline.ts';
import type { EntryStore } from './entry-store.ts';
import type { FlightProgress } from './flight-progress.ts';
import type { FlightOutcome, ImageOutcome, ImageRequest, StartedRequest } from './image-request.ts';
import type { ImageService } from './image-service.ts';
import type { Task, TaskEnd, TaskState, TaskStore } from './task-store.ts';

/** What came of a submission: a task, or upstream's refusal. */
export type Submission =
  | { readonly kind: 'task'; readonly id: string; readonly status: CacheStatus }
  | { readonly kind: 'relay'; readonly answer: UpstreamAnswer; readonly status: CacheStatus };

/** A task as its client may see it now. */
export interface TaskView {
  readonly task: Task;
  readonly state: TaskState;
  /** Set once it has succeeded with an entry. */
  readonly entry: Entry | undefined;
}

type NewTask = Omit<Task, 'state' | 'attemptId' | 'entryId' | 'body' | 'endedAt'>;

type Flying = Extract<StartedRequest, { progress: unknown }>;

export type Cancellation =
  | { readonly kind: 'canceled' }
  /** It is no longer pending. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'relay'; readonly answer: UpstreamAnswer };

/** How long an id is known after the task has ended: the vendor's own promise. */
const KNOWN_MS = 24 * 60 * 60 * 1000;
const PRUNE_MS = 4 * KNOWN_MS;
const CANCEL_TIMEOUT_MS = 30_000;

/** Asynchronous tasks under ids of our own; what is drawn goes the same way as all pictures. */
export class TaskService {
  readonly #images: ImageService;
  readonly #tasks: TaskStore;
  readonly #attempts: AttemptStore;
  readonly #entries: EntryStore;
  readonly #upstream: ImageUpstream;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  /** Tasks, and attempts gone on with, whose end this process is going to write. */
  readonly #awaited = new Set<string>();

  constructor(parts: {
    images: ImageService;
    tasks: TaskStore;
    attempts: AttemptStore;
    entries: EntryStore;
    upstream: ImageUpstream;
    clock: Clock;
    reporter: Reporter;
  }) {
    this.#images = parts.images;
    this.#tasks = parts.tasks;
    this.#attempts = parts.attempts;
    this.#entries = parts.entries;
    this.#upstream = parts.upstream;
    this.#clock = parts.clock;
    this.#reporter = parts.reporter;
  }

  /** Answers when the job is sure to go on without its client: from the store, or taken by upstream. */
  async submit(request: ImageRequest, family: AnswerFamily): Promise<Submission> {
    const started = await this.#images.start(request);
    const task = {
      id: this.#clock.uuid(),
      site: request.site,
      scope: request.scope,
      key: request.key,
      model: request.recipe.model,
      family,
      submittedAt: this.#clock.now(),
    };
    if (!('hit' in started)) {
      const ended = await Promise.race([started.outcome, started.progress.accepted]);
      if (ended === undefined) return await this.#wait(task, started);
      return await this.#done(task, ended);
    }
    return await this.#done(task, started.hit);
  }

  async #wait(task: NewTask, { outcome, progress }: Flying): Promise<Submission> {
    const { attemptId } = progress;
    await this.#tasks.insert({
      ...task,
      state: 'PENDING',
      attemptId,
      entryId: undefined,
      body: undefined,
      endedAt: undefined,
    });
    void this.#endLater(task.id, outcome, async (end) => {
      await this.#tasks.end(task.id, end);
    });
    const collapsed = progress.interested > 1;
    return {
      kind: 'task',
      id: task.id,
      status: { kind: 'forwarded', fwd: 'miss', stored: false, collapsed },
    };
  }

  async #done(task: NewTask, outcome: ImageOutcome): Promise<Submission> {
    if (outcome.kind === 'relay' && outcome.answer.status !== 200) return outcome;
    const { state, at, entryId, body } = endOf(outcome, this.#clock.now());
    await this.#tasks.insert({
      ...task,
      state,
      endedAt: at,
      attemptId: undefined,
      entryId: entryId,
      body: body,
    });
    return { kind: 'task', id: task.id, status: outcome.status };
  }

  /** A task of this caller's; undefined when there is none that is still known. */
  async find(id: string, principal: Principal): Promise<TaskView | undefined> {
    const task = await this.#findFresh(id, principal);
    if (task === undefined) return undefined;
    const live = task.attemptId === undefined ? undefined : this.#images.progressOf(task.attemptId);
    const state = task.endedAt === undefined && live !== undefined ? live.state : task.state;
    if (task.entryId === undefined) {
      const isGone = state === 'SUCCEEDED' && task.body === undefined;
      return isGone ? undefined : { task, state, entry: undefined };
    }
    const entry = await this.#entries.findById(task.entryId);
    // Evicted or purged: there is nothing left to show for it.
    return entry === undefined ? undefined : { task, state, entry };
  }

  /** Cancels this task; the job behind it only when nobody else waits for it. Undefined when there is no such task. */
  async cancel(id: string, principal: Principal): Promise<Cancellation | undefined> {
    const view = await this.find(id, principal);
    if (view === undefined) return undefined;
    if (view.state !== 'PENDING' || view.task.attemptId === undefined) return { kind: 'refused' };
    const progress = this.#images.progressOf(view.task.attemptId);
    const isLast = progress !== undefined && progress.interested <= 1;
    if (isLast && progress.upstreamTask !== undefined) {
      const answer = await this.#cancelUpstream(progress.upstreamTask, progress, principal);
      if (answer.status !== 200) return { kind: 'relay', answer };
    }
    // Canceled twice at once, it counts once: others may wait for the same job.
    if (!(await this.#tasks.end(id, { state: 'CANCELED', at: this.#clock.now() })))
      return { kind: 'refused' };
    if (progress !== undefined) progress.interested -= 1;
    return { kind: 'canceled' };
  }

  /** From the question on nobody joins the job, unless the vendor will not drop it. */
  async #cancelUpstream(
    upstreamTask: string,
    progress: FlightProgress,
    { apiKey }: Principal,
  ): Promise<UpstreamAnswer> {
    let isCanceled = false;
    progress.isCanceled = true;
    try {
      const answer = await withDeadline(this.#clock, CANCEL_TIMEOUT_MS, (signal) =>
        this.#upstream.cancel(upstreamTask, apiKey, signal),
      );
      isCanceled = answer.status === 200;
      return answer;
    } finally {
      progress.isCanceled = isCanceled;
    }
  }

  /** This caller's tasks that are still known, newest first. */
  async list(principal: Principal): Promise<readonly Task[]> {
    const now = this.#clock.now();
    const tasks = await this.#tasks.listSince(principal.scope, now - PRUNE_MS);
    return tasks.filter((task) => isKnown(task, now));
  }

  /** The vendor's ids of jobs behind tasks of ours: they are not shown beside them. */
  async upstreamIds(): Promise<ReadonlySet<string>> {
    return await this.#tasks.upstreamIdsSince(this.#clock.now() - PRUNE_MS);
  }

  /** At the start: tells tasks what their attempts came to, and goes on with the jobs of the server's own account. */
  async recover(own: { readonly account: string; readonly apiKey: string } | undefined): Promise<void> {
    await this.#reconcile();
    for (const attempt of await this.#attempts.listSubmitted()) {
      if (attempt.account === own?.account) await this.#resume(attempt, own.apiKey);
    }
  }

  async prune(): Promise<void> {
    await this.#tasks.prune(this.#clock.now() - PRUNE_MS);
  }

  /** The task as it is after what happened without it: a restart, or a job that was gone on with for another. */
  async #findFresh(id: string, principal: Principal): Promise<Task | undefined> {
    const task = await this.#tasks.find(id);
    if (task?.scope !== principal.scope || !isKnown(task, this.#clock.now())) return undefined;
    if (task.endedAt !== undefined || task.attemptId === undefined) return task;
    if (this.#awaited.has(id) || this.#awaited.has(task.attemptId)) return task;
    await this.#reconcile(id);
    const attempt = await this.#attempts.find(task.attemptId);
    // Only the account that submitted a job may ask for it.
    if (attempt?.state === 'submitted' && attempt.account === principal.account) {
      await this.#resume(attempt, principal.apiKey);
    }
    return await this.#tasks.find(id);
  }

  async #resume(attempt: Attempt, apiKey: string): Promise<void> {
    const interested = await this.#tasks.countOpen(attempt.id);
    const outcome = this.#images.resume(attempt, apiKey, interested);
    if (outcome === undefined) return;
    void this.#endLater(attempt.id, outcome, (end) => this.#tasks.endAll(attempt.id, end));
  }

  async #reconcile(id?: string): Promise<void> {
    const lost = { code: 'InternalError', message: 'What became of this task is not known.' };
    await this.#tasks.reconcile(this.#clock.now(), JSON.stringify(lost), id);
  }

  /** Writes how the flight ended. Meanwhile the record of its attempt says nothing that its tasks should be told. */
  async #endLater(
    awaited: string,
    outcome: Promise<ImageOutcome | FlightOutcome>,
    write: (end: TaskEnd) => Promise<void>,
  ): Promise<void> {
    this.#awaited.add(awaited);
    try {
      const end = await this.#endOf(outcome);
      if (end !== undefined) await write(end);
    } catch (cause) {
      this.#reporter.report({ type: 'failure', where: 'task record', cause });
    } finally {
      this.#awaited.delete(awaited);
    }
  }

  /** Undefined when the job goes on at the vendor's: the next start finds it. */
  async #endOf(outcome: Promise<ImageOutcome | FlightOutcome>): Promise<TaskEnd | undefined> {
    try {
      return endOf(await outcome, this.#clock.now());
    } catch (error) {
      if (isAppError(error, 'shutting_down')) return undefined;
      if (!isAppError(error)) this.#reporter.report({ type: 'failure', where: 'task', cause: error });
      const message = isAppError(error) ? error.message : 'An internal error has occurred.';
      const code = isAppError(error, 'no_image') ? 'NoImage' : 'InternalError';
      return { state: 'FAILED', at: this.#clock.now(), body: JSON.stringify({ code, message }) };
    }
  }
}

function isKnown({ submittedAt, endedAt }: Task, now: number): boolean {
  return endedAt === undefined ? now - submittedAt <= PRUNE_MS : now - endedAt <= KNOWN_MS;
}

function endOf(outcome: ImageOutcome | FlightOutcome, at: number): TaskEnd {
  if (outcome.kind !== 'relay') return { state: 'SUCCEEDED', at, entryId: outcome.entry.id };
  const body = new TextDecoder().decode(outcome.answer.body);
  if (outcome.answer.status === 200) return { state: 'SUCCEEDED', at, body };
  return { state: body.includes('"code":"TaskCanceled"') ? 'CANCELED' : 'FAILED', at, body };
}
