import type { Context } from 'hono';
import type { HttpServices } from '../dependencies.ts';
import { toBodyStream } from './body-stream.ts';
import { breakOff } from './break-off.ts';
import { requestRecordOf } from './request-record.ts';

/** Server-Sent Events of our own as an answer. When they fail, so does the connection: clients see no false end. */
export function eventResponse(
  c: Context,
  events: AsyncIterable<Uint8Array>,
  services: Pick<HttpServices, 'platform' | 'reporter'>,
): Response {
  const { requestId } = requestRecordOf(c);
  const body = toBodyStream(events, breakOff(c, services));
  const headers = {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // Servers in front of us are told not to hold events back.
    'x-accel-buffering': 'no',
    'x-request-id': requestId,
  };
  return new Response(body, { headers });
}

/** True when the client takes its answer as Server-Sent Events. */
export function acceptsEvents(c: Context): boolean {
  return /(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(c.req.header('accept') ?? '');
}
