import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';

/** States of the vendor's tasks. `SUSPENDED` counts as running, as the SDKs take it. */
export type UpstreamTaskState = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'UNKNOWN';

/** A vendor's task as one poll shows it. */
export interface UpstreamTask {
  readonly state: UpstreamTaskState;
  /** The answer without what belongs to the task: as the synchronous endpoint would have said it. */
  readonly answer: JsonObject;
  /** Some of the pictures are missing. */
  readonly isPartial: boolean;
  /** Why it failed. */
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** What a poll says; undefined when it is no task. */
export function readUpstreamTask(value: JsonValue): UpstreamTask | undefined {
  if (!isJsonObject(value) || !isJsonObject(value.output)) return undefined;
  const {
    task_id: _,
    task_status,
    submit_time: __,
    scheduled_time: ___,
    end_time: ____,
    ...output
  } = value.output;
  const state = stateOf(task_status);
  if (state === undefined) return undefined;
  const metrics = isJsonObject(output.task_metrics) ? output.task_metrics : {};
  const results = isJsonArray(output.results) ? output.results : [];
  const failed = results.some((result) => isJsonObject(result) && typeof result.url !== 'string');
  return {
    state,
    answer: { ...value, output },
    isPartial: failed || (typeof metrics.FAILED === 'number' && metrics.FAILED > 0),
    code: typeof output.code === 'string' ? output.code : undefined,
    message: typeof output.message === 'string' ? output.message : undefined,
  };
}

function stateOf(status: JsonValue | undefined): UpstreamTaskState | undefined {
  switch (status) {
    case 'SUSPENDED':
      return 'RUNNING';
    case 'PENDING':
    case 'RUNNING':
    case 'SUCCEEDED':
    case 'FAILED':
    case 'CANCELED':
    case 'UNKNOWN':
      return status;
    default:
      return undefined;
  }
}
