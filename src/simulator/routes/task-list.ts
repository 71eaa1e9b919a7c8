import type { Task } from '../state/task.ts';
import type { JsonRecord } from '../util/json.ts';
import { parseVendorTime } from '../util/vendor-time.ts';
import { invalidParameter } from '../vendor/refusal.ts';

/** Account data as the vendor's own answers tell it. */
const API_KEY_ID = '10001';
const CALLER = '1000000000000001';
const REGION = 'cn-beijing';

/** One page of the task list, newest first, filtered as its query says; throws the Refusal for a time that is none. */
export function taskListBody(tasks: readonly Task[], query: Readonly<Record<string, string>>): JsonRecord {
  const from = readTime(query, 'start_time') ?? Number.NEGATIVE_INFINITY;
  const to = readTime(query, 'end_time') ?? Number.POSITIVE_INFINITY;
  const matches = (name: string, value: string) => !query[name] || query[name] === value;
  const found = tasks
    .filter(({ submittedAt }) => submittedAt >= from && submittedAt <= to)
    .filter(({ request, status }) => matches('model_name', request.model) && matches('status', status))
    .filter(() => matches('region', REGION) && matches('api_key_id', API_KEY_ID))
    .toReversed();
  const pageNo = readPageNumber(query, 'page_no', 1);
  const pageSize = readPageNumber(query, 'page_size', 10);
  return {
    total: found.length,
    data: found.slice((pageNo - 1) * pageSize, pageNo * pageSize).map(describe),
    total_page: Math.ceil(found.length / pageSize),
    page_no: pageNo,
    page_size: pageSize,
  };
}

function describe({
  id,
  request,
  requestId,
  service,
  status,
  submittedAt,
  startedAt,
  endedAt,
}: Task): JsonRecord {
  const call = service === 'image-generation' ? 'generation' : 'image-synthesis';
  return {
    api_key_id: API_KEY_ID,
    caller_parent_id: CALLER,
    caller_uid: CALLER,
    gmt_create: submittedAt,
    ...(startedAt === undefined ? {} : { start_time: startedAt }),
    ...(endedAt === undefined ? {} : { end_time: endedAt }),
    region: REGION,
    request_id: requestId,
    status,
    task_id: id,
    user_api_unique_key: `apikey:v1:aigc:${service}:${call}:${request.model}`,
    model_name: request.model,
  };
}

function readTime(query: Readonly<Record<string, string>>, name: string): number | undefined {
  const given = query[name];
  if (!given) return undefined;
  const at = parseVendorTime(given);
  if (at === undefined) throw invalidParameter(`${name} must have the form YYYYMMDDhhmmss`);
  return at;
}

function readPageNumber(query: Readonly<Record<string, string>>, name: string, fallback: number): number {
  const given = query[name] ?? '';
  return /^[1-9]\d{0,8}$/.test(given) ? Number(given) : fallback;
}
