import type { Task } from '../state/task.ts';
import type { JsonRecord } from '../util/json.ts';
import { formatVendorTime } from '../util/vendor-time.ts';
import { reshape } from '../vendor/answer-shapes.ts';
import { extendedPrompt, successBody } from '../vendor/success-body.ts';

/** The state of one task as a poll tells it, but for the request id; `urls` are its images', once it has ended. */
export function taskBody(task: Task, urls: readonly string[]): JsonRecord {
  const { status, submittedAt, startedAt, endedAt, outcome } = task;
  const output = {
    task_id: task.id,
    task_status: status,
    submit_time: formatVendorTime(submittedAt),
    ...(startedAt === undefined ? {} : { scheduled_time: formatVendorTime(startedAt) }),
    ...(endedAt === undefined ? {} : { end_time: formatVendorTime(endedAt) }),
  };
  switch (status) {
    case 'RUNNING':
      return { output: { ...output, ...metrics(task.request.count, 0, 0) } };
    case 'FAILED': {
      const { code, message } = outcome.failure ?? {};
      return { output: { ...output, code, message, ...metrics(outcome.missing, 0, outcome.missing) } };
    }
    case 'SUCCEEDED':
      return succeeded(task, urls, output);
    default:
      return { output };
  }
}

function succeeded(
  { request, form, outcome }: Task,
  urls: readonly string[],
  output: JsonRecord,
): JsonRecord {
  // A task without loss tells its metrics only where the family's captures have them.
  const counted = outcome.missing > 0 || (form === 'prompt' && !/^qwen/.test(request.model));
  const told = counted ? metrics(urls.length + outcome.missing, urls.length, outcome.missing) : {};
  const shaped = (whole: JsonRecord) => (outcome.shape ? reshape(whole, urls, outcome.shape) : whole);
  if (form === 'messages') {
    const { shape: _, ...plain } = outcome;
    const { output: drawn, usage } = successBody(request, { ...plain, urls }, '');
    return { output: shaped({ ...output, ...drawn, ...told }), usage };
  }
  if (form === 'repaint') {
    const told = { style_index: request.extras.style_index, error_code: 0, error_message: 'Success' };
    const results = urls.map((url) => ({ url }));
    return { output: shaped({ ...output, ...told, results }), usage: { image_count: urls.length } };
  }
  const prompts = request.family.tellsPrompts
    ? {
        orig_prompt: request.prompt,
        ...(request.promptExtend ? { actual_prompt: extendedPrompt(request.prompt) } : {}),
      }
    : {};
  const { code, message } = outcome.failure ?? {};
  const results = [
    ...urls.map((url) => ({ ...prompts, url })),
    ...Array.from({ length: outcome.missing }, () => ({ code, message })),
  ];
  return { output: shaped({ ...output, results, ...told }), usage: { image_count: urls.length } };
}

function metrics(total: number, succeeded: number, failed: number): JsonRecord {
  return { task_metrics: { TOTAL: total, SUCCEEDED: succeeded, FAILED: failed } };
}
