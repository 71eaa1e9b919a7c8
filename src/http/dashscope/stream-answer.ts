import type { Context } from 'hono';
import { writeStream } from '../../core/dashscope/stream-answer.ts';
import type { HeaderList } from '../../core/headers.ts';
import type { HttpServices } from '../dependencies.ts';
import { toBodyStream } from '../wire/body-stream.ts';
import { breakOff } from '../wire/break-off.ts';
import { plainHeaders } from '../wire/relay-answer.ts';

const CONTENT_TYPE = 'text/event-stream;charset=UTF-8';

/** Upstream's events while they come. When they break off, so does the connection. */
export function liveAnswer(
  c: Context,
  services: Pick<HttpServices, 'platform' | 'reporter'>,
  { headers, chunks }: { readonly headers: HeaderList; readonly chunks: AsyncIterable<Uint8Array> },
  extra: Readonly<Record<string, string>>,
): Response {
  const body = toBodyStream(chunks, breakOff(c, services));
  // Servers in front of us are told not to hold events back.
  return new Response(body, { headers: plainHeaders(headers, { ...extra, 'x-accel-buffering': 'no' }) });
}

/** A whole answer as events; undefined when it is no success, which clients take as plain JSON. */
export function replayedAnswer(
  answer: string,
  headers: Readonly<Record<string, string>>,
): Response | undefined {
  const stream = writeStream(answer);
  if (stream === undefined) return undefined;
  return new Response(stream, { headers: { ...headers, 'content-type': CONTENT_TYPE } });
}
