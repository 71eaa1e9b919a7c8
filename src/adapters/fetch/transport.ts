import {
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '../../ports/transport.ts';
import { decodeHeaders, encodeHeaders } from './headers.ts';
import { toRequestBody } from './request-body.ts';

/**
 * HTTP through the platform's own `fetch`, for Workers. What it cannot promise as undici does on Node:
 *
 * - The platform rewrites the URL (dot segments, percent signs) and the case of header names.
 * - It decodes compressed bodies. None is asked for; one that comes anyway arrives decoded.
 * - It does not tell whether a byte was sent before a failure: every failure counts as sent, so nothing is paid twice.
 * - It decides about connections: every request has `ownConnection`, since a Worker keeps none.
 */
export const fetchTransport: Transport = { send };

async function send(request: TransportRequest): Promise<TransportResponse> {
  const { method, origin, path, signal } = request;
  signal?.throwIfAborted();
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const unfollow = () => signal?.removeEventListener('abort', onAbort);
  try {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: encodeHeaders(request.headers),
      redirect: 'manual',
      signal: ending.signal,
      ...toRequestBody(request),
    });
    return {
      status: response.status,
      headers: decodeHeaders(response.headers),
      body: { [Symbol.asyncIterator]: () => readBody(response.body, ending, signal, unfollow) },
    };
  } catch (cause) {
    unfollow();
    if (signal?.aborted) throw signal.reason;
    throw new TransportError(`${method} ${origin} failed, perhaps after sending`, true, { cause });
  }
}

/** Ending it early ends the request, even before its first step. */
function readBody(
  body: ReadableStream<Uint8Array> | null,
  ending: AbortController,
  signal: AbortSignal | undefined,
  unfollow: () => void,
): AsyncIterator<Uint8Array, undefined> {
  const reader = body?.getReader();
  return {
    next: async () => {
      try {
        const step = await reader?.read();
        if (step !== undefined && !step.done) return { done: false, value: step.value };
        unfollow();
        return { done: true, value: undefined };
      } catch (error) {
        unfollow();
        if (signal?.aborted) throw signal.reason;
        throw error;
      }
    },
    return: async () => {
      unfollow();
      ending.abort();
      await reader?.cancel().catch(() => undefined);
      return { done: true, value: undefined };
    },
  };
}
