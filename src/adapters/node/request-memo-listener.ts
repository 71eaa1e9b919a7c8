import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { TRACE_HEADER, TRACEPARENT, traceIdOf } from '../../core/dashscope/trace-context.ts';

/** Bodies above this hold images, and are not worth remembering as they stand. */
const MAX_BODY_BYTES = 32 * 1024;

/** What is known of a repeated request; see `src/services/entries/request-memo.ts`. */
interface RequestMemo {
  find(
    request: string,
    as: { readonly requestId: string; readonly traceId: string | undefined; readonly path: string },
  ):
    | {
        readonly ageSeconds: number;
        readonly hit: {
          readonly headers: Readonly<Record<string, string>>;
          readonly parts: readonly string[];
        };
      }
    | undefined;
}

interface Options {
  readonly path: string;
  readonly hits: RequestMemo;
  readonly newRequestId: () => string;
}

const requests = new WeakMap<IncomingMessage, string>();

/** The request as it was sent, head and body, if it is one that may be remembered. */
export function textOfRequest(incoming: IncomingMessage): string | undefined {
  return requests.get(incoming);
}

/**
 * Answers repetitions of requests that were hits before any routing, and hands all others on with their body read.
 * Routing and Web objects cost several times what such an answer does.
 */
export function answerKnownHits(rest: RequestListener, options: Options): RequestListener {
  return (incoming, outgoing) => {
    const length = Number(incoming.headers['content-length']);
    if (incoming.url !== options.path || incoming.method !== 'POST' || !(length <= MAX_BODY_BYTES)) {
      rest(incoming, outgoing);
      return;
    }
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      // Latin-1 gives each byte a character of its own: no two bodies have one text.
      const request = `${headText(incoming)}\n\n${body.toString('latin1')}`;
      const requestId = options.newRequestId();
      const { [TRACEPARENT]: trace } = incoming.headers;
      const traceId = typeof trace === 'string' ? traceIdOf(trace) : undefined;
      const known = options.hits.find(request, { requestId, traceId, path: options.path });
      if (known !== undefined) {
        answer(outgoing, known.hit, known.ageSeconds, requestId);
        return;
      }
      requests.set(incoming, request);
      // Where @hono/node-server looks for a body that was read before it.
      Object.assign(incoming, { rawBody: body });
      rest(incoming, outgoing);
    });
  };
}

/** Without the trace, which differs from request to request and decides nothing. */
function headText({ rawHeaders, headers }: IncomingMessage): string {
  if (headers[TRACEPARENT] === undefined) return rawHeaders.join('\n');
  const isTrace = (index: number) => TRACE_HEADER.test(rawHeaders[index - (index % 2)] ?? '');
  return rawHeaders.filter((_, index) => !isTrace(index)).join('\n');
}

function answer(
  outgoing: ServerResponse,
  {
    headers,
    parts,
  }: { readonly headers: Readonly<Record<string, string>>; readonly parts: readonly string[] },
  ageSeconds: number,
  requestId: string,
): void {
  const body = parts.join(requestId);
  outgoing.writeHead(200, {
    ...headers,
    'x-request-id': requestId,
    age: String(ageSeconds),
    'content-length': Buffer.byteLength(body),
  });
  outgoing.end(body);
}
