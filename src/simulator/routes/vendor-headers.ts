import type { RateLimit } from '../util/sliding-windows.ts';
import type { RequestContext } from './request-context.ts';

const VARY = 'Origin,Access-Control-Request-Method,Access-Control-Request-Headers, Accept-Encoding';

/** Headers of a success, account data included: the vendor's own capture leaks them, so a proxy must strip them. */
export function successHeaders(
  request: RequestContext,
  now: number,
  limit?: RateLimit,
): Record<string, string> {
  return {
    ...timingHeaders(request, now),
    'content-type': 'application/json',
    'x-request-id': request.requestId,
    'x-dashscope-call-gateway': 'true',
    'x-dashscope-finished': 'true',
    'x-dashscope-timeout': '298',
    vary: VARY,
    ...accountHeaders(request, limit),
  };
}

/** Headers of what the gateway itself answers: errors, and the receipt for a task. */
export function gatewayHeaders(request: RequestContext, now: number): Record<string, string> {
  return {
    ...timingHeaders(request, now),
    'content-type': 'application/json',
    'x-request-id': request.requestId,
    'x-dashscope-call-gateway': 'true',
    vary: VARY,
  };
}

/** Headers of a 401: the one captured has no content-type, which changes what SDKs make of it. */
export function unauthorizedHeaders(request: RequestContext, now: number): Record<string, string> {
  const cost = String(now - request.arrivedAt);
  return {
    'x-request-id': request.requestId,
    'req-cost-time': cost,
    'x-envoy-upstream-service-time': cost,
    server: 'istio-envoy',
    vary: 'Accept-Encoding',
  };
}

/** Headers of the task calls, whose captures lack the request id. */
export function taskHeaders(request: RequestContext, now: number): Record<string, string> {
  return {
    ...timingHeaders(request, now),
    'content-type': 'application/json;charset=UTF-8',
    vary: 'Accept-Encoding',
  };
}

function timingHeaders(request: RequestContext, now: number): Record<string, string> {
  const cost = now - request.arrivedAt;
  return {
    'req-cost-time': String(cost),
    'req-arrive-time': String(request.arrivedAt),
    'resp-start-time': String(now),
    'x-envoy-upstream-service-time': String(cost),
    server: 'istio-envoy',
  };
}

function accountHeaders(request: RequestContext, limit: RateLimit | undefined): Record<string, string> {
  const uid = '1000000000000001';
  const flowControl = {
    user_id: uid,
    count_limit: limit?.count ?? 0,
    count_limit_period: (limit?.periodMs ?? 0) / 1000,
  };
  return {
    'x-dashscope-uid': uid,
    'x-dashscope-apikeyid': '10001',
    'x-dashscope-bwid': 'llm-simulated',
    'x-dashscope-workspace': 'llm-simulated',
    'x-dashscope-inner-flow-control-meta': JSON.stringify(flowControl),
    'x-dashscope-inner-gateway-datainspection': 'enable',
    'eagleeye-traceid': request.requestId.replaceAll('-', ''),
    'set-cookie': `acw_tc=${request.requestId};path=/;HttpOnly;Max-Age=1800`,
  };
}
