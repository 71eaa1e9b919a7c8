import { finalStatus, type Task, type TaskDraft, type TaskStatus } from './task.ts';

/** `true`: the vendor's own caps. A table sets them by model; models it does not name have none. */
export type TaskLimitOption = boolean | Readonly<Record<string, number>>;

export interface TaskRules {
  readonly pendingMs: number;
  readonly latencyMs: (model: string) => number;
  readonly limit: TaskLimitOption;
  /** Told of every task that has run to its end. */
  readonly ended: (task: Task) => void;
}

const MAX_TASKS = 100_000;
const LIFETIME_MS = 24 * 60 * 60 * 1000;

interface MovingTask extends Task {
  status: TaskStatus;
  startedAt: number | undefined;
  endedAt: number | undefined;
}

/** The unfinished tasks of one account and model, in the order of their submission. */
interface Lane {
  readonly capacity: number;
  readonly waiting: MovingTask[];
  readonly running: MovingTask[];
  /** When a place was last given up. */
  freedAt: number;
}

/**
 * The tasks of the last 24 hours. Nothing happens by itself: every call first brings the tasks to where they would be
 * at its `now` (epoch ms), so that a clock which stands still makes them stand still.
 */
export class TaskBoard {
  readonly #rules: TaskRules;
  readonly #tasks = new Map<string, MovingTask>();
  readonly #lanes = new Map<string, Lane>();
  #held = false;
  #resumedAt = 0;

  constructor(rules: TaskRules) {
    this.#rules = rules;
  }

  submit(draft: TaskDraft, now: number): Task {
    this.advance(now);
    const task: MovingTask = {
      ...draft,
      submittedAt: now,
      status: 'PENDING',
      startedAt: undefined,
      endedAt: undefined,
    };
    this.#tasks.set(task.id, task);
    this.#laneOf(task).waiting.push(task);
    for (const [id, oldest] of this.#tasks) {
      if (this.#tasks.size <= MAX_TASKS && remembered(oldest, now)) break;
      this.#tasks.delete(id);
    }
    return task;
  }

  /** The task of this id, unless it is another account's or forgotten. */
  find(account: string, id: string, now: number): Task | undefined {
    this.advance(now);
    const task = this.#tasks.get(id);
    return task?.account === account && remembered(task, now) ? task : undefined;
  }

  /** What is remembered, of one account or of all; oldest first. */
  list(account: string | undefined, now: number): readonly Task[] {
    this.advance(now);
    return [...this.#tasks.values()].filter(
      (task) => (account === undefined || task.account === account) && remembered(task, now),
    );
  }

  /** True when the task was still PENDING. */
  cancel(id: string, now: number): boolean {
    this.advance(now);
    const task = this.#tasks.get(id);
    if (task?.status !== 'PENDING') return false;
    remove(this.#laneOf(task).waiting, task);
    task.status = 'CANCELED';
    task.endedAt = now;
    return true;
  }

  /** From `now` on no task moves unless it is told to. */
  hold(now: number): void {
    this.advance(now);
    this.#held = true;
  }

  /** Ends the hold: tasks move with time again, none earlier than `now`. */
  resume(now: number): void {
    this.#held = false;
    this.#resumedAt = now;
  }

  /** Moves one task by one state, whatever time and caps say. False when it has ended or is unknown. */
  step(id: string, now: number): boolean {
    this.advance(now);
    const task = this.#tasks.get(id);
    if (task?.status === 'PENDING') this.#start(this.#laneOf(task), task, now);
    else if (task?.status === 'RUNNING') this.#end(this.#laneOf(task), task, now);
    else return false;
    return true;
  }

  /** Brings every task to where it is at `now`. */
  advance(now: number): void {
    if (this.#held) return;
    for (const [name, lane] of this.#lanes) {
      while (this.#moveNext(lane, now)) {
        // One event after the other, in the order in which they would have happened.
      }
      if (lane.waiting.length + lane.running.length === 0) this.#lanes.delete(name);
    }
  }

  /** Lets the lane's next event happen if it is due. */
  #moveNext(lane: Lane, now: number): boolean {
    const ending = lane.running.reduce<{ task: MovingTask; at: number } | undefined>((first, task) => {
      const at = this.#endOf(task);
      return first && first.at <= at ? first : { task, at };
    }, undefined);
    const [starting] = lane.running.length < lane.capacity ? lane.waiting : [];
    const startAt = starting
      ? Math.max(starting.submittedAt + this.#rules.pendingMs, lane.freedAt, this.#resumedAt)
      : Number.POSITIVE_INFINITY;
    if (ending && ending.at <= Math.min(startAt, now)) this.#end(lane, ending.task, ending.at);
    else if (starting && startAt <= now) this.#start(lane, starting, startAt);
    else return false;
    return true;
  }

  #endOf({ startedAt = 0, request }: MovingTask): number {
    return Math.max(startedAt + this.#rules.latencyMs(request.model), this.#resumedAt);
  }

  #start(lane: Lane, task: MovingTask, at: number): void {
    remove(lane.waiting, task);
    lane.running.push(task);
    task.status = 'RUNNING';
    task.startedAt = at;
  }

  #end(lane: Lane, task: MovingTask, at: number): void {
    remove(lane.running, task);
    lane.freedAt = at;
    task.status = finalStatus(task.outcome);
    task.endedAt = at;
    this.#rules.ended(task);
  }

  #laneOf({ account, request, concurrent }: Task): Lane {
    const name = JSON.stringify([account, request.model]);
    const known = this.#lanes.get(name);
    if (known) return known;
    const { limit } = this.#rules;
    const capped = limit === true ? concurrent : limit === false ? undefined : limit[request.model];
    const capacity = capped ?? Number.POSITIVE_INFINITY;
    const lane: Lane = { capacity, waiting: [], running: [], freedAt: 0 };
    this.#lanes.set(name, lane);
    return lane;
  }
}

function remembered(task: Task, now: number): boolean {
  return now < task.submittedAt + LIFETIME_MS;
}

function remove(tasks: MovingTask[], task: MovingTask): void {
  tasks.splice(tasks.indexOf(task), 1);
}
