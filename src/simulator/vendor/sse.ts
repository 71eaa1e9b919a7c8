import type { JsonRecord } from '../util/json.ts';
import type { Refusal } from './refusal.ts';

/** One event as the gateway frames it: no space after a colon, the HTTP status as a comment. */
export function eventFrame(id: number, event: 'result' | 'error', status: number, data: JsonRecord): string {
  return `id:${id}\nevent:${event}\n:HTTP_STATUS/${status}\ndata:${JSON.stringify(data)}\n\n`;
}

/** A refusal as an event. */
export function errorFrame(id: number, { status, code, message }: Refusal, requestId: string): string {
  return eventFrame(id, 'error', status, { code, message, request_id: requestId });
}
