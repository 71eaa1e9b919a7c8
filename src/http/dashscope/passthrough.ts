import type { Context } from 'hono';
import type { HeaderList } from '../../core/headers.ts';
import type { Principal } from '../../core/principal.ts';
import type { HttpServices } from '../dependencies.ts';
import { toBodyStream } from '../wire/body-stream.ts';
import { noteRelay, requestRecordOf } from '../wire/request-record.ts';

export interface PassthroughOptions {
  /** The request's body, when it has been read already. */
  readonly body?: Uint8Array;
  /** Added to the answer's headers. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** Answers a request with what upstream says to it: bytes, status and headers as they come. */
export async function passThrough(
  c: Context,
  {
    relay,
    credentials,
    platform,
    reporter,
  }: Pick<HttpServices, 'relay' | 'credentials' | 'platform' | 'reporter'>,
  principal: Principal,
  options: PassthroughOptions = {},
): Promise<Response> {
  const answer = await relay.send({
    method: c.req.method,
    target: platform.rawTarget(c),
    headers: [...c.req.raw.headers],
    body: options.body ?? c.req.raw.body ?? undefined,
    apiKey: principal.apiKey,
    signal: c.req.raw.signal,
  });
  const { status } = answer;
  noteRelay(c, answer.headers);
  if (status === 401) await credentials.refused(principal);
  const empty = c.req.method === 'HEAD' || status === 204 || status === 304;
  const body = empty
    ? null
    : toBodyStream(answer.body, (cause) => {
        platform.cut(c);
        const { requestId } = requestRecordOf(c);
        reporter.report({ type: 'failure', where: c.req.path, requestId, cause });
      });
  return new Response(body, { status, headers: plainHeaders(answer.headers, options.extra ?? {}) });
}

/**
 * Headers as a plain object wherever that is possible, which is unless there are several cookies: with a `Headers`
 * object the Node server adds a Content-Type to answers that have none, such as the vendor's 401.
 */
export function plainHeaders(list: HeaderList, extra: Readonly<Record<string, string>>): HeadersInit {
  const headers = new Headers();
  for (const [name, value] of list) headers.append(name, value);
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  return headers.getSetCookie().length > 1 ? headers : Object.fromEntries(headers);
}
