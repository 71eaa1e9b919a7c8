import { findHeader } from '../../core/headers.ts';
import type { TransportRequest } from '../../ports/transport.ts';

/** Cloudflare's stream that tells its length: https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/ */
interface FixedLengthStreams {
  readonly FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
}

/** The body for `fetch`, with its length if the headers name one: storage services refuse a body without it. */
export function toRequestBody({ body, headers }: TransportRequest): RequestInit {
  if (body === undefined) return {};
  if (body instanceof Uint8Array) return { body: new Uint8Array(body) };
  const stream = toStream(body);
  const length = findHeader(headers, 'content-length');
  const scope: object = globalThis;
  if (length === undefined || !hasFixedLengthStream(scope)) return { body: stream, ...HALF_DUPLEX };
  const fixed = new scope.FixedLengthStream(Number(length));
  // A source that fails breaks the request off; the request reports the failure.
  stream.pipeTo(fixed.writable).catch(() => undefined);
  return { body: fixed.readable, ...HALF_DUPLEX };
}

/** Node's `fetch` requires this option; Workers ignore it. */
const HALF_DUPLEX = { duplex: 'half' } as const;

function hasFixedLengthStream(scope: object): scope is FixedLengthStreams {
  return 'FixedLengthStream' in scope;
}

function toStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const step = await iterator.next();
        if (step.done) controller.close();
        else controller.enqueue(step.value);
      },
      cancel: async () => {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
