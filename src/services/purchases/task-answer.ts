import type { UpstreamTask } from '../../core/dashscope/upstream-task.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';

/** Codes of failed tasks that are the vendor's fault, by its error table; all others are the request's. */
const UPSTREAM_FAULT =
  /^(InternalError|SystemError|ModelService|ModelServing|ModelUnavailable|RewriteFailed|RequestTimeOut)/;

/** A finished job as the synchronous endpoint would have answered. */
export function taskAnswer(task: UpstreamTask, simulated: boolean): UpstreamAnswer {
  const headers = [['content-type', 'application/json'] as const];
  const body = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  if (task.state === 'SUCCEEDED') return { status: 200, headers, body: body(task.answer), simulated };
  const code = task.code ?? (task.state === 'CANCELED' ? 'TaskCanceled' : 'InternalError');
  const message = task.message ?? `The task ended as ${task.state}.`;
  const { request_id } = task.answer;
  return {
    status: UPSTREAM_FAULT.test(code) ? 500 : 400,
    headers,
    body: body({ code, message, request_id }),
    simulated,
  };
}
