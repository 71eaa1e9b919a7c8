import type { CacheStatus } from '../../core/cache/cache-status.ts';
import { isSuccess } from '../../core/dashscope/answer.ts';
import type { AnswerFamily } from '../../core/dashscope/endpoints.ts';
import type { Entry } from '../../core/entries/entry.ts';
import type { Principal } from '../../core/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import type { ImageOutcome, ImageRequest, StartedRequest } from '../image-request.ts';
import type { Flight } from '../purchases/flight.ts';
import type { FlightRegistry } from '../purchases/flight-registry.ts';
import type { FlightWaiter } from '../purchases/flight-waiter.ts';
import type { ImageService } from '../purchases/image-service.ts';
import type { PurchaseAdopter } from '../purchases/purchase-adopter.ts';
import type { PurchaseStore } from '../purchases/purchase-store.ts';
import { isKnown, TASK_LIFE_MS, type Task, type TaskState } from './task.ts';
import type { TaskCompleter } from './task-completer.ts';
import { endOfOutcome, endOfPurchase, taskCanceled } from './task-end.ts';
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

type NewTask = Omit<Task, 'state' | 'purchaseId' | 'entryId' | 'body' | 'endedAt'>;

type Flying = Extract<StartedRequest, { waiter: unknown }>;

/** Collaborators of `TaskService`. */
export interface TaskServiceDeps {
  readonly images: ImageService;
  readonly tasks: TaskStore;
  readonly completer: TaskCompleter;
  readonly registry: FlightRegistry;
  readonly adopter: PurchaseAdopter;
  readonly purchases: PurchaseStore;
  readonly entries: EntryStore;
  readonly clock: Clock;
}

/** Asynchronous tasks under ids of our own; what is drawn goes the same way as all pictures. */
export class TaskService {
  readonly #deps: TaskServiceDeps;
  /** The places in flights of the tasks that this process has taken, by task. */
  readonly #waiters = new Map<string, FlightWaiter>();
  /** Tasks of callers that are being canceled. */
  readonly #canceling = new Set<string>();

  constructor(deps: TaskServiceDeps) {
    this.#deps = deps;
  }

  /** Answers when the job is sure to go on without its client: from the store, or taken by upstream. */
  async submit(request: ImageRequest, family: AnswerFamily): Promise<Submission> {
    const started = await this.#deps.images.start({ ...request, mustRecord: true });
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
    const first = await Promise.race([started.outcome, started.waiter.accepted]);
    return 'kind' in first ? await this.#done(task, first) : await this.#wait(task, started, first);
  }

  async #wait(task: NewTask, { waiter, fwd, outcome }: Flying, { id }: Flight): Promise<Submission> {
    const unended = { entryId: undefined, body: undefined, endedAt: undefined } as const;
    await this.#deps.tasks.insert({ ...task, ...unended, state: 'PENDING', purchaseId: id });
    this.#waiters.set(task.id, waiter);
    const ended = this.#deps.completer.endTask(task.id, outcome).finally(() => this.#waiters.delete(task.id));
    const status = { kind: 'forwarded', fwd, stored: false, collapsed: waiter.joined } as const;
    return { kind: 'task', id: task.id, status, ended };
  }

  async #done(task: NewTask, outcome: ImageOutcome): Promise<Submission> {
    if (outcome.kind === 'relay' && !isSuccess(outcome.answer.status)) return outcome;
    const { state, at, entryId, body } = endOfOutcome(outcome, this.#deps.clock.now());
    await this.#deps.tasks.insert({ ...task, state, endedAt: at, purchaseId: undefined, entryId, body });
    return { kind: 'task', id: task.id, status: outcome.status, ended: Promise.resolve() };
  }

  /** A task of this caller's; undefined when there is none that is still known. */
  async find(id: string, principal: Principal): Promise<TaskView | undefined> {
    const found = await this.#deps.tasks.find(id);
    if (found?.scope !== principal.scope || !isKnown(found, this.#deps.clock.now())) return undefined;
    const task = await this.#refresh(found, principal);
    const state = this.stateOf(task);
    if (task.entryId === undefined) {
      const isGone = state === 'SUCCEEDED' && task.body === undefined;
      return isGone ? undefined : { task, state, entry: undefined };
    }
    const entry = await this.#deps.entries.findById(task.entryId);
    // Evicted or purged: there is nothing left to show for it.
    return entry === undefined ? undefined : { task, state, entry };
  }

  /** Where a task stands: while its purchase is in the air, where that is; the row learns of the end only. */
  stateOf({ state, purchaseId, endedAt }: Task): TaskState {
    const flight =
      endedAt === undefined && purchaseId !== undefined ? this.#deps.registry.find(purchaseId) : undefined;
    if (flight === undefined) return state;
    switch (flight.state) {
      case 'intended':
        return 'PENDING';
      case 'accepted':
        return flight.upstreamState;
      default:
        return 'RUNNING';
    }
  }

  /** Cancels this task; the purchase behind it only when nobody else waits for it. Undefined when there is no such task. */
  async cancel(id: string, principal: Principal): Promise<Cancellation | undefined> {
    // Canceled twice at once, it counts once: others may wait for the same job.
    const name = `${principal.scope}\n${id}`;
    if (this.#canceling.has(name)) return { kind: 'refused' };
    this.#canceling.add(name);
    try {
      return await this.#cancel(id, principal);
    } finally {
      this.#canceling.delete(name);
    }
  }

  async #cancel(id: string, principal: Principal): Promise<Cancellation | undefined> {
    const view = await this.find(id, principal);
    if (view === undefined) return undefined;
    const { purchaseId } = view.task;
    const flight = purchaseId === undefined ? undefined : this.#deps.registry.find(purchaseId);
    if (view.state !== 'PENDING' || flight === undefined) return { kind: 'refused' };
    const verdict = await this.#deps.registry.cancel(flight, async () => {
      if (!(await this.#deps.tasks.end(id, taskCanceled(this.#deps.clock.now())))) return false;
      const waiter = this.#waiters.get(id);
      if (waiter === undefined) flight.leave();
      else waiter.leave();
      return true;
    });
    return verdict.kind === 'left' ? { kind: 'canceled' } : verdict;
  }

  /** The task as it is by now, when its caller asks: its purchase is gone on with, if need be with the caller's key. */
  async #refresh(task: Task, principal: Principal): Promise<Task> {
    const { completer, registry, adopter, purchases, tasks, clock } = this.#deps;
    const { id, purchaseId } = task;
    if (task.endedAt !== undefined || purchaseId === undefined || completer.isAwaited(id)) return task;
    await registry.ensureOwner(task);
    const flight = registry.find(purchaseId) ?? (await adopter.adopt(purchaseId));
    if (flight !== undefined) registry.wake(flight, principal);
    else {
      const end = endOfPurchase(await purchases.find(purchaseId), clock.now());
      if (end !== undefined) await tasks.end(id, end);
    }
    return (await tasks.find(id)) ?? task;
  }

  /** Forgets what nobody can ask for any more, here or at the vendor's. */
  async prune(): Promise<void> {
    await this.#deps.tasks.prune(this.#deps.clock.now() - TASK_LIFE_MS);
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
