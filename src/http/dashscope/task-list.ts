import type { Context } from 'hono';
import { parseListTime } from '../../core/dashscope/task-time.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json/json-value.ts';
import type { Principal } from '../../core/principal.ts';
import type { Task } from '../../services/tasks/task.ts';
import type { UpstreamList } from '../../services/tasks/upstream-task-list.ts';
import type { DashScopeServices, HttpOptions } from '../dependencies.ts';
import { relayAnswer } from '../wire/relay-answer.ts';
import { requestRecordOf } from '../wire/request-record.ts';

/** The vendor's own bound on a page. */
const MAX_PAGE_SIZE = 100;

/** `GET /api/v1/tasks`: this caller's tasks here and at the vendor in one list, newest first. */
export async function listTasks(
  c: Context,
  services: DashScopeServices,
  options: HttpOptions,
  principal: Principal,
): Promise<Response> {
  const query = new URL(c.req.url).searchParams;
  const page = wholeNumber(query.get('page_no'), 1, Number.MAX_SAFE_INTEGER);
  const size = wholeNumber(query.get('page_size'), 10, MAX_PAGE_SIZE);
  // First of all: its refusal of the key, or of a filter, is the answer.
  const theirs: UpstreamList = options.ownTasksOnly
    ? { kind: 'list', tasks: [], total: 0 }
    : await readTheirs(c, services, principal, page * size);
  if (theirs.kind === 'refused') return relayAnswer(c, theirs.answer);
  const ours = asksForUpstreamOnly(query) ? [] : await readOurs(services, principal, query);
  const all = [...ours, ...theirs.tasks].sort((a, b) => createdAt(b) - createdAt(a));
  const total = ours.length + theirs.total;
  const requestId = requestRecordOf(c).requestId;
  const body = {
    request_id: requestId,
    data: all.slice((page - 1) * size, page * size),
    total,
    total_page: Math.ceil(total / size),
    page_no: page,
    page_size: size,
  };
  const headers = { 'content-type': 'application/json;charset=UTF-8', 'x-request-id': requestId };
  return new Response(JSON.stringify(body), { headers });
}

/** By its numbers of keys and its names of regions, which nothing of ours has, the vendor's jobs are listed as its own. */
function asksForUpstreamOnly(query: URLSearchParams): boolean {
  return Boolean(query.get('api_key_id') || query.get('region'));
}

async function readTheirs(
  c: Context,
  { tasks, upstreamTasks, credentials }: DashScopeServices,
  principal: Principal,
  wanted: number,
): Promise<UpstreamList> {
  const query = new URL(c.req.url).searchParams;
  const list = await upstreamTasks.read({
    query,
    apiKey: principal.apiKey,
    account: principal.account,
    via: [...c.req.raw.headers].filter(([name]) => name === 'cdn-loop'),
    wanted,
    hidden: asksForUpstreamOnly(query) ? new Set() : await tasks.upstreamIds(),
  });
  if (list.kind === 'list') await credentials.accepted(principal);
  else if (list.answer.status === 401) await credentials.refused(principal);
  return list;
}

async function readOurs(
  { tasks }: DashScopeServices,
  principal: Principal,
  query: URLSearchParams,
): Promise<JsonObject[]> {
  const model = query.get('model_name') || undefined;
  const status = query.get('status') || undefined;
  const from = timeIn(query, 'start_time') ?? Number.NEGATIVE_INFINITY;
  const to = timeIn(query, 'end_time') ?? Number.POSITIVE_INFINITY;
  const ours = await tasks.list(principal);
  return ours
    .filter((task) => model === undefined || task.model === model)
    .filter(({ submittedAt }) => submittedAt >= from && submittedAt <= to)
    .map((task) => listItem(task, tasks.stateOf(task)))
    .filter((item) => status === undefined || item.status === status);
}

/** Times in epoch milliseconds, as the vendor's list has them. */
function listItem({ id, model, submittedAt, endedAt }: Task, status: string): JsonObject {
  return {
    task_id: id,
    status,
    model_name: model,
    gmt_create: submittedAt,
    start_time: submittedAt,
    ...(endedAt === undefined ? {} : { end_time: endedAt }),
  };
}

function createdAt({ gmt_create: at }: JsonObject): number {
  return typeof at === 'number' ? at : 0;
}

function timeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  const at = parseListTime(text);
  if (at !== undefined) return at;
  throw new AppError('invalid_request', `${name} must have the form YYYYMMDDhhmmss`, { field: name });
}

function wholeNumber(text: string | null, fallback: number, most: number): number {
  return text !== null && /^[1-9]\d{0,8}$/.test(text) ? Math.min(most, Number(text)) : fallback;
}
