import { type Drawing, storeDrawing } from '../images/drawing.ts';
import type { ImageStore } from '../images/image-store.ts';
import type { AnswerShape } from '../vendor/answer-shapes.ts';
import type { AnsweredRequest } from '../vendor/generation-request.ts';
import type { RequestForm, TaskService } from '../vendor/task-models.ts';
import type { Journal } from './journal.ts';

export const taskStatuses = ['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** Why images are missing. */
export interface TaskFailure {
  readonly code: string;
  readonly message: string;
}

/** What a task will have come to when it ends; decided when it is submitted. */
export interface TaskOutcome extends Drawing {
  /** References that were read. */
  readonly inputImages: number;
  /** Images that could not be made. */
  readonly missing: number;
  readonly failure?: TaskFailure;
  /** Set when the model answers in words alone. */
  readonly words?: string;
  /** Set when the answer is to be told in an envelope of another kind. */
  readonly shape?: AnswerShape;
}

/** What is known of a task from its submission on. */
export interface TaskDraft {
  readonly id: string;
  readonly account: string;
  readonly service: TaskService;
  readonly form: RequestForm;
  readonly request: AnsweredRequest;
  readonly outcome: TaskOutcome;
  /** Id of the request that submitted it. */
  readonly requestId: string;
  /** Tasks of this account and model that the vendor lets run at a time. */
  readonly concurrent: number;
}

/** One task; times are epoch ms, undefined until they come. */
export interface Task extends TaskDraft {
  readonly submittedAt: number;
  readonly status: TaskStatus;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
}

/** How a task ends: with no image and a reason it has failed. */
export function finalStatus({ images, failure }: TaskOutcome): 'SUCCEEDED' | 'FAILED' {
  return failure && images.length === 0 ? 'FAILED' : 'SUCCEEDED';
}

/** Puts an ended task's images into the bucket, and notes what they cost. */
export function concludeTask(
  { request: { model }, outcome, endedAt = 0 }: Task,
  images: ImageStore,
  journal: Journal,
): void {
  if (finalStatus(outcome) === 'FAILED') {
    journal.refused(model, outcome.failure?.code ?? '');
    return;
  }
  storeDrawing(images, outcome, endedAt);
  journal.accepted(model, outcome.images.length);
}
