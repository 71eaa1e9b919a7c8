import { concatBytes } from '../../core/bytes/concat-bytes.ts';

/** A request to read, and the same once more to send on. */
export interface RepeatableRequest {
  readonly request: Request;
  /** Call it once the body has been read. Undefined when the body is larger than the bound: nothing of it is kept then. */
  repeat(): Request | undefined;
  /** Drops the copy. */
  forget(): Promise<void>;
}

const ONCE = { repeat: () => undefined, forget: async () => {} };
/** Node's `Request` requires this option; Workers ignore it. */
const HALF_DUPLEX = { duplex: 'half' } as const;

/** Keeps the body of a request while it is read, unless it has more than `maxBytes`. */
export function repeatable(request: Request, maxBytes: number): RepeatableRequest {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > maxBytes) return { request, ...ONCE };
  if (request.body !== null && declared === null) return recorded(request, request.body, maxBytes);
  const again = request.clone();
  return {
    request,
    repeat: () => again,
    forget: async () => {
      await again.body?.cancel();
    },
  };
}

/** For a body of unknown length: `clone()` would hold all of it, however long it is. */
function recorded(request: Request, body: ReadableStream<Uint8Array>, maxBytes: number): RepeatableRequest {
  const { method, url, headers } = request;
  const kept: Uint8Array[] = [];
  let size = 0;
  let keeps = true;
  const drop = () => {
    keeps = false;
    kept.length = 0;
  };
  const recorder = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      size += chunk.length;
      if (size > maxBytes) drop();
      if (keeps) kept.push(new Uint8Array(chunk));
      controller.enqueue(chunk);
    },
  });
  return {
    request: new Request(request, { body: body.pipeThrough(recorder), ...HALF_DUPLEX }),
    repeat: () => (keeps ? new Request(url, { method, headers, body: concatBytes(kept) }) : undefined),
    forget: async () => drop(),
  };
}
