import type { HeaderList } from '../../../src/core/headers.ts';
import type { Transport, TransportRequest, TransportResponse } from '../../../src/ports/transport.ts';

export type Reply = (request: TransportRequest) => Promise<TransportResponse> | TransportResponse;

/** Answers each request with what its test says, and keeps the requests. */
export class ScriptedTransport implements Transport {
  readonly requests: TransportRequest[] = [];
  /** Bodies that were neither read to their end nor ended. */
  openBodies = 0;
  reply: Reply;

  constructor(reply: Reply) {
    this.reply = reply;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    this.requests.push(request);
    if (request.signal?.aborted) throw request.signal.reason;
    const response = await this.reply(request);
    this.openBodies += 1;
    let open = true;
    const end = () => {
      if (open) this.openBodies -= 1;
      open = false;
    };
    return { ...response, body: { [Symbol.asyncIterator]: () => watched(response.body, end) } };
  }
}

/** A response whose bytes come in small chunks; `declared` is the length it claims, none when false. */
export function response(
  status: number,
  bytes: Uint8Array | string = '',
  headers: HeaderList = [],
  declared: number | false = bytes.length,
): TransportResponse {
  const whole = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  const length = declared === false ? [] : [['content-length', String(declared)] as const];
  return { status, headers: [...length, ...headers], body: inChunks(whole) };
}

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}

function watched(body: AsyncIterable<Uint8Array>, onEnd: () => void): AsyncIterator<Uint8Array, undefined> {
  const iterator = body[Symbol.asyncIterator]();
  return {
    next: async () => {
      const step = await iterator.next();
      if (!step.done) return step;
      onEnd();
      return { done: true, value: undefined };
    },
    return: async () => {
      onEnd();
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}
