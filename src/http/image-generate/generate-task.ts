import { AppError } from '../../core/errors.ts';
import { isJsonObject, type JsonValue } from '../../core/json/json-value.ts';
import type { TaskState } from '../../services/tasks/task.ts';
import type { TaskView } from '../../services/tasks/task-service.ts';
import { imageAnswer } from '../doors/upstream-answer.ts';
import { problemOf } from '../wire/problem.ts';
import { answerOfEntry, answerOfUnstored } from './generate-answer.ts';
import type { GenerateTaskBody } from './generate-schema.ts';

export const GENERATE_PATH = '/v1/image.generate';

/** Where a task of `image.generate` is asked for. */
export function taskPath(id: string): string {
  return `${GENERATE_PATH}/tasks/${id}`;
}

const STATUS: Readonly<Record<TaskState, GenerateTaskBody['status']>> = {
  PENDING: 'queued',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELED: 'canceled',
};

export function generateTask(
  { task, state, entry }: TaskView,
  {
    requestId,
    base,
    key,
  }: { readonly requestId: string; readonly base: string; readonly key: string | undefined },
): GenerateTaskBody {
  const shown = { task_id: task.id, status: STATUS[state], request_id: requestId };
  if (state === 'FAILED')
    // Without advice: the status of what refused it is not on record, and trying again might pay again.
    return { ...shown, error: problemOf(failureOf(task.body), requestId) };
  if (state !== 'SUCCEEDED') return shown;
  const cached = task.purchaseId === undefined;
  // Which of those who share a job paid for it is not on record.
  const facts = { requestId, cached, paid: cached ? false : undefined, key, simplifiedPrompt: undefined };
  if (entry !== undefined) return { ...shown, result: answerOfEntry(entry, base, facts) };
  const body = new TextEncoder().encode(task.body ?? '');
  const answer = imageAnswer({ status: 200, body });
  if (answer === undefined) throw new AppError('internal', 'A finished task holds no picture.');
  const unknown = { model: task.model, size: undefined, seed: undefined, cost: undefined };
  return { ...shown, result: answerOfUnstored(answer, unknown, facts) };
}

/** Why a task failed: `{code, message}`, the vendor's or ours in its words. */
function failureOf(body: string | undefined): AppError {
  const { code, message } = parse(body ?? '');
  const detail = typeof message === 'string' && message !== '' ? message : 'The task failed.';
  if (code === 'NoImage') return new AppError('no_image', detail);
  if (code === 'OutcomeUnknown') return new AppError('outcome_unknown', detail);
  return new AppError('upstream_refused', detail, {
    upstream: { status: 502, code: typeof code === 'string' ? code : undefined },
  });
}

function parse(text: string) {
  try {
    const value: JsonValue = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    // A gateway's page instead of JSON.
    return {};
  }
}
