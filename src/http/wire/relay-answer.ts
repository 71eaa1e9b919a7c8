import type { Context } from 'hono';
import type { HeaderList } from '../../core/headers.ts';
import { noteRelay } from './request-record.ts';

/** Answers with what the vendor said, to the client that it is meant for. */
export function relayAnswer(
  c: Context,
  answer: { readonly status: number; readonly headers: HeaderList; readonly body: Uint8Array<ArrayBuffer> },
  extra: Readonly<Record<string, string>> = {},
): Response {
  noteRelay(c, answer.headers);
  return new Response(answer.body, { status: answer.status, headers: plainHeaders(answer.headers, extra) });
}

/**
 * Headers as a plain object wherever that is possible, which is unless there are several cookies: with a `Headers`
 * object the Node server adds a Content-Type to answers that have none, such as the vendor's 401.
 */
export function plainHeaders(list: HeaderList, extra: Readonly<Record<string, string>> = {}): HeadersInit {
  const headers = new Headers();
  for (const [name, value] of list) headers.append(name, value);
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  return headers.getSetCookie().length > 1 ? headers : Object.fromEntries(headers);
}
