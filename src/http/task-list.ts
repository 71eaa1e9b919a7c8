import type { Context } from 'hono';
import { AppError } from '../core/errors.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../core/json-text.ts';
import type { Principal } from '../core/principal.ts';
import { parseListTime } from '../core/task-time.ts';
import type { Task } from '../services/task.ts';
import type { HttpOptions, HttpServices } from './dependencies.ts';
import { plainHeaders } from './passthrough.ts';

/** The vendor's own bound on a page, and ours on what is fetched to make one. */
const MAX_PAGE_SIZE = 100;
const MAX_FETCHED = 1_000;
const TIMEOUT_MS = 30_000;

/** `GET /api/v1/tasks`: this caller's tasks here and at the vendor in one list, newest first. */
export async function listTasks(
  c: Context,
  services: HttpServices,
  options: HttpOptions,
  principal: Principal,
): Promise<Response> {
  const query = new URL(c.req.url).searchParams;
  const page = wholeNumber(query.get('page_no'), 1, Number.MAX_SAFE_INTEGER);
  const size = wholeNumber(query.get('page_size'), 10, MAX_PAGE_SIZE);
  const ours = (await services.tasks.list(principal)).filter((task) => matches(task, query)).map(listItem);
  let theirs: readonly JsonObject[] = [];
  let theirTotal = 0;
  if (!options.ownTasksOnly) {
    const wanted = new URLSearchParams(query);
    wanted.set('page_no', '1');
    wanted.set('page_size', String(Math.min(MAX_FETCHED, page * size)));
    const via = [...c.req.raw.headers].filter(([name]) => name === 'cdn-loop');
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await services.upstream.list(wanted.toString(), principal.apiKey, signal, via);
    if (answer.status !== 200) {
      return new Response(answer.body, { status: answer.status, headers: plainHeaders(answer.headers, {}) });
    }
    await services.credentials.accepted(principal);
    const behindOurs = await services.tasks.upstreamIds();
    const list = parseList(new TextDecoder().decode(answer.body));
    theirs = list.data.filter(({ task_id }) => !behindOurs.has(String(task_id)));
    theirTotal = list.total - (list.data.length - theirs.length);
  }
  const all = [...ours, ...theirs].sort((a, b) => Number(b.gmt_create) - Number(a.gmt_create));
  const total = ours.length + theirTotal;
  const requestId = services.newRequestId();
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

function matches({ model, state, submittedAt }: Task, query: URLSearchParams): boolean {
  const from = parseListTime(query.get('start_time') ?? '') ?? Number.NEGATIVE_INFINITY;
  const to = parseListTime(query.get('end_time') ?? '') ?? Number.POSITIVE_INFINITY;
  const wantedModel = query.get('model_name') ?? model;
  const wantedState = query.get('status') ?? state;
  return model === wantedModel && state === wantedState && submittedAt >= from && submittedAt <= to;
}

/** Times in epoch milliseconds, as the vendor's list has them. */
function listItem({ id, model, state, submittedAt, endedAt }: Task): JsonObject {
  return {
    task_id: id,
    status: state,
    model_name: model,
    gmt_create: submittedAt,
    start_time: submittedAt,
    ...(endedAt === undefined ? {} : { end_time: endedAt }),
  };
}

function parseList(text: string): { data: JsonObject[]; total: number } {
  const value = parse(text);
  const data = isJsonObject(value) && isJsonArray(value.data) ? value.data.filter(isJsonObject) : [];
  return { data, total: isJsonObject(value) && typeof value.total === 'number' ? value.total : data.length };
}

function parse(text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new AppError('upstream_invalid', 'Upstream answered the list of tasks with no JSON.', { cause });
  }
}

function wholeNumber(text: string | null, fallback: number, most: number): number {
  return text !== null && /^[1-9]\d{0,8}$/.test(text) ? Math.min(most, Number(text)) : fallback;
}
