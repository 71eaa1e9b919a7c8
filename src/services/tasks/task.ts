import type { AnswerFamily } from '../../core/dashscope/endpoints.ts';

export const TASK_STATES = ['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;

export type TaskState = (typeof TASK_STATES)[number];

/** An asynchronous task as its client sees it, under an id of ours. */
export interface Task {
  readonly id: string;
  readonly site: string;
  readonly scope: string;
  readonly key: string;
  readonly model: string;
  /** The shape that the client's endpoint answers in. */
  readonly family: AnswerFamily;
  readonly state: TaskState;
  /** The purchase that it waits for; undefined where it was a hit. */
  readonly purchaseId: string | undefined;
  readonly entryId: number | undefined;
  /** JSON: the answer itself where nothing was stored, or `{code, message}` of a failure. */
  readonly body: string | undefined;
  readonly submittedAt: number;
  readonly endedAt: number | undefined;
}

/** How a task ended. */
export interface TaskEnd {
  readonly state: Extract<TaskState, 'SUCCEEDED' | 'FAILED' | 'CANCELED'>;
  readonly at: number;
  readonly entryId?: number | undefined;
  readonly body?: string | undefined;
}

/** How long an id is known after the task has ended: the vendor's own promise. */
const KNOWN_MS = 24 * 60 * 60 * 1000;

/** What was submitted longer ago the vendor has forgotten too: it ends the slowest within hours, and keeps them a day. */
export const TASK_LIFE_MS = 4 * KNOWN_MS;

/** Whether a client that asks for the task is still told of it. */
export function isKnown({ submittedAt, endedAt }: Task, now: number): boolean {
  return endedAt === undefined ? now - submittedAt <= TASK_LIFE_MS : now - endedAt <= KNOWN_MS;
}
