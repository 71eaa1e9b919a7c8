import { formatTaskTime } from '../../core/dashscope/task-time.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-value.ts';
import type { TaskView } from '../../services/tasks/task-service.ts';
import { answerObject, unstoredIn } from './entry-answer.ts';

/** A task as the vendor shows it (`GET /api/v1/tasks/{id}`). Times are in UTC+8. */
export function taskBody(view: TaskView, base: string, requestId: string): JsonObject {
  const { task, state } = view;
  const output = {
    task_id: task.id,
    task_status: state,
    submit_time: formatTaskTime(task.submittedAt),
    scheduled_time: formatTaskTime(task.submittedAt),
  };
  if (task.endedAt === undefined) return { request_id: requestId, output };
  const ended = { ...output, end_time: formatTaskTime(task.endedAt) };
  if (state === 'SUCCEEDED') return succeeded(view, ended, base, requestId);
  if (state === 'CANCELED') return { request_id: requestId, output: ended };
  const { code, message } = parse(task.body);
  const reason = { code: code ?? 'InternalError', message: message ?? 'The task failed.' };
  return {
    request_id: requestId,
    output: { ...ended, ...reason, task_metrics: { TOTAL: 1, SUCCEEDED: 0, FAILED: 1 } },
  };
}

/** A task that is not known, or not this caller's: told apart by nobody. */
export function unknownTaskBody(taskId: string, requestId: string): JsonObject {
  return { request_id: requestId, output: { task_id: taskId, task_status: 'UNKNOWN' } };
}

function succeeded(
  { task, entry }: TaskView,
  ended: JsonObject,
  base: string,
  requestId: string,
): JsonObject {
  const answer =
    entry === undefined
      ? unstoredIn(task.family, parse(task.body), task.model)
      : answerObject(entry, task.family, base, requestId);
  const { output, request_id: _, ...rest } = answer;
  const drawn = isJsonObject(output) ? output : {};
  // Ours come first, and count: what the answer says of a task is about another one.
  return { request_id: requestId, output: { ...ended, ...drawn, ...ended }, ...rest };
}

function parse(text: string | undefined): JsonObject {
  if (text === undefined) return {};
  try {
    const value: JsonValue = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    // A gateway's page instead of JSON: there is no code in it.
    return {};
  }
}
