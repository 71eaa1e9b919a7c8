import type { RateLimit } from '../util/sliding-windows.ts';
import type { Exchange } from './request-context.ts';

const VARY = 'Origin,Access-Control-Request-Method,Access-Control-Request-Headers, Accept-Encoding';

/** Headers of a success, account data included: the vendor's own capture leaks them, so a proxy must strip them. */
export function successHeaders(exchange: Exchange, now: number, limit?: RateLimit): Record<string, string> {
  return {
    ...timingHeaders(exchange, now),
    'content-type': 'application/json',
    'x-request-id': exchange.requestId,
    'x-dashscope-call-gateway': 'true',
    'x-dashscope-finished': 'true',
    'x-dashscope-timeout': '298',
    vary: VARY,
    ...accountHeaders(exchange, limit),
  };
}

/** Headers of what the gateway itself answers: errors, and the receipt for a task. */
export function gatewayHeaders(exchange: Exchange, now: number): Record<string, string> {
  return {
    ...timingHeaders(exchange, now),
    'content-type': 'application/json',
    'x-request-id': exchange.requestId,
    'x-dashscope-call-gateway': 'true',
    vary: VARY,
  };
}

/** Headers of a 401: the one captured has no content-type, which changes what SDKs make of it. */
export function unauthorizedHeaders(exchange: Exchange, now: number): Record<string, string> {
  const cost = String(now - exchange.arrivedAt);
  return {
    'x-request-id': exchange.requestId,
    'req-cost-time': cost,
    'x-envoy-upstream-service-time': cost,
    server: 'istio-envoy',
    vary: 'Accept-Encoding',
  };
}

/** Headers of the task calls, whose captures lack the request id. */
export function taskHeaders(exchange: Exchange, now: number): Record<string, string> {
  return {
    ...timingHeaders(exchange, now),
    'content-type': 'application/json;charset=UTF-8',
    vary: 'Accept-Encoding',
  };
}

function timingHeaders(exchange: Exchange, now: number): Record<string, string> {
  const cost = now - exchange.arrivedAt;
  return {
    'req-cost-time': String(cost),
    'req-arrive-time': String(exchange.arrivedAt),
    'resp-start-time': String(now),
    'x-envoy-upstream-service-time': String(cost),
    server: 'istio-envoy',
  };
}

function accountHeaders(exchange: Exchange, limit: RateLimit | undefined): Record<string, string> {
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
    'eagleeye-traceid': exchange.requestId.replaceAll('-', ''),
    'set-cookie': `acw_tc=${exchange.requestId};path=/;HttpOnly;Max-Age=1800`,
  };
}
