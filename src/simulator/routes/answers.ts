import type { Simulation } from '../state/simulation.ts';
import { type Bytes, utf8 } from '../util/bytes.ts';
import type { JsonRecord } from '../util/json.ts';
import { streamOf } from '../util/streams.ts';
import { Refusal } from '../vendor/refusal.ts';
import { acceptsGzip, type SimulatorContext } from './request-context.ts';
import { gatewayHeaders, unauthorizedHeaders } from './vendor-headers.ts';

/** A JSON answer, gzipped when the client offers it. */
export function jsonAnswer(
  c: SimulatorContext,
  simulation: Simulation,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  status = 200,
): Response {
  async function* whole(): AsyncGenerator<Bytes> {
    yield utf8(JSON.stringify(body));
  }
  return streamAnswer(c, simulation, streamOf(whole()), headers, status);
}

/** A streamed answer, gzipped chunk by chunk when the client offers it. */
export function streamAnswer(
  c: SimulatorContext,
  { compression }: Simulation,
  body: ReadableStream<Bytes>,
  headers: Readonly<Record<string, string>>,
  status = 200,
): Response {
  if (!acceptsGzip(c)) return new Response(body, { status, headers });
  return new Response(compression.gzip(body), {
    status,
    headers: { ...headers, 'content-encoding': 'gzip' },
  });
}

/** An error in the native dialect: `{code, message, request_id}`. */
export function refusalAnswer(c: SimulatorContext, simulation: Simulation, refusal: Refusal): Response {
  const { code, message } = refusal;
  return errorAnswer(c, simulation, refusal, { code, message });
}

/** What stands before the service says when it lost the connection to it: 502 in JSON, 503 in Envoy's own words. */
export function gatewayAnswer(
  c: SimulatorContext,
  simulation: Simulation,
  reason: 'prematurely_closed' | 'connection_termination',
): Response {
  if (reason === 'prematurely_closed') {
    return refusalAnswer(
      c,
      simulation,
      new Refusal(502, 'InternalError', 'Connection prematurely closed BEFORE response'),
    );
  }
  const words =
    'upstream connect error or disconnect/reset before headers. reset reason: connection termination';
  return new Response(words, {
    status: 503,
    headers: { 'content-type': 'text/plain', server: 'istio-envoy' },
  });
}

/** An error in the dialect of /compatible-mode: `{error: {message, type, param, code}, request_id}`. */
export function compatibleRefusalAnswer(
  c: SimulatorContext,
  simulation: Simulation,
  refusal: Refusal,
): Response {
  const { code, message } = refusal;
  const error =
    code === 'InvalidApiKey'
      ? { message: 'Incorrect API key provided.', code: 'invalid_api_key' }
      : { message, code };
  return errorAnswer(c, simulation, refusal, {
    error: { ...error, type: 'invalid_request_error', param: null },
  });
}

function errorAnswer(
  c: SimulatorContext,
  simulation: Simulation,
  { status, headers }: Refusal,
  body: JsonRecord,
): Response {
  const request = c.get('request');
  const now = simulation.clock.now();
  const vendorHeaders = status === 401 ? unauthorizedHeaders(request, now) : gatewayHeaders(request, now);
  return jsonAnswer(
    c,
    simulation,
    { ...body, request_id: request.requestId },
    { ...vendorHeaders, ...headers },
    status,
  );
}
