import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { GENERATION_ENDPOINTS } from '../../core/dashscope/endpoints.ts';
import { TRACEPARENT, traceIdOf } from '../../core/dashscope/trace-context.ts';
import type { CacheResult } from '../../core/events.ts';
import { findHeader, type HeaderList } from '../../core/headers.ts';
import type { HttpServices } from '../dependencies.ts';

/** What the log and the counters are told of a request, as far as it is known by now. */
export interface RequestRecord {
  /** The one id of the request and of its answer: in the header, in the body and in the log. */
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly startedAt: number;
  door: string;
  /** Whose it is. */
  scope: string | undefined;
  /** The vendor has yet to accept the credential that the scope is made from. */
  isUnproven: boolean;
  model: string | undefined;
  /** Undefined until it is answered with a picture, and where none was asked for. */
  result: CacheResult | undefined;
  detail: string | undefined;
  /** The id that upstream gave the answer, where it is upstream's own. */
  upstreamRequestId: string | undefined;
  /** Whoever streams the answer tells when its end is known. */
  isStreaming: boolean;
}

declare module 'hono' {
  interface ContextVariableMap {
    /** Set by `recordRequests`, before any route. */
    record: RequestRecord;
  }
}

type Parts = Pick<HttpServices, 'clock' | 'reporter' | 'newRequestId'>;

const DRAWING_PATHS: readonly string[] = GENERATION_ENDPOINTS.map(({ path }) => path);

/** The door behind each path, by the beginning of it; the first that fits. */
const DOORS: readonly (readonly [prefix: string, door: string])[] = [
  ['/blobs/', 'blob'],
  ...DRAWING_PATHS.map((path) => [path, 'dashscope'] as const),
  ['/v1/image.generate/', 'tasks'],
  ['/v1/image.generate', 'image.generate'],
  ['/v1/images/', 'openai'],
  ['/v1/', 'models'],
  ['/api/v1/tasks', 'tasks'],
  ['/api/v1/uploads', 'uploads'],
  ['/uploads', 'uploads'],
  ['/api/v1/', 'passthrough'],
  ['/compatible-mode/', 'passthrough'],
  ['/admin', 'admin'],
];

/** Those that are asked for pictures: what they refuse is an `error` among the results. */
const IMAGE_DOORS: ReadonlySet<string> = new Set(['dashscope', 'image.generate', 'openai']);

/** Longer paths are nobody's honest request. */
const MAX_PATH = 200;

/** Gives each request its id, and tells how it was answered: one event for each. */
export function recordRequests(parts: Parts): MiddlewareHandler {
  return async (c, next) => {
    const record = begin(c, parts);
    c.set('record', record);
    await next();
    if (!record.isStreaming) reportRequest(c, parts, c.res.status);
  };
}

/** What is known of a request. */
export function requestRecordOf(c: Context): RequestRecord {
  return c.get('record');
}

function begin(c: Context, { clock, newRequestId }: Omit<Parts, 'reporter'>): RequestRecord {
  const { path } = c.req;
  return {
    requestId: newRequestId(),
    traceId: traceIdOf(c.req.header(TRACEPARENT)),
    startedAt: clock.now(),
    door: DOORS.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'other',
    scope: undefined,
    isUnproven: false,
    model: undefined,
    result: undefined,
    detail: undefined,
    upstreamRequestId: undefined,
    isStreaming: false,
  };
}

/** Tells how a request was answered. */
export function reportRequest(c: Context, parts: Parts, status: number): void {
  const { requestId, traceId, startedAt, door, model, isUnproven, ...known } = requestRecordOf(c);
  const isRefused = status >= 400 && IMAGE_DOORS.has(door);
  parts.reporter.report({
    type: 'request',
    requestId,
    traceId,
    door,
    method: c.req.method,
    path: pathOf(c),
    status,
    elapsedMs: parts.clock.now() - startedAt,
    upstreamRequestId: known.upstreamRequestId,
    result: isRefused ? 'error' : known.result,
    model,
    // Anybody can invent a key: it is nobody's before the vendor has accepted it.
    scope: isRefused && isUnproven ? undefined : known.scope,
    detail: known.detail,
  });
}

/** Upstream's own answer keeps the id that upstream gave it. */
export function noteRelay(c: Context, headers: HeaderList): void {
  requestRecordOf(c).upstreamRequestId = findHeader(headers, 'x-request-id');
}

/** Names of blobs and tasks are left out: whoever reads the log need not be able to use them. */
function pathOf(c: Context): string {
  const pattern = matchedRoutes(c).findLast(({ path }) => path.includes(':'))?.path;
  return (pattern ?? c.req.path).slice(0, MAX_PATH);
}
