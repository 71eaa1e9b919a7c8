import type { Context } from 'hono';
import { upstreamTarget } from '../../core/dashscope/request-target.ts';
import type { HeaderList } from '../../core/headers.ts';
import type { Principal } from '../../core/principal.ts';
import type { HttpServices } from '../dependencies.ts';
import { toBodyStream } from '../wire/body-stream.ts';
import { breakOff } from '../wire/break-off.ts';
import { plainHeaders } from '../wire/relay-answer.ts';
import { noteRelay } from '../wire/request-record.ts';

type Send = () => ReturnType<HttpServices['relay']['send']>;

export type PassthroughServices = Pick<HttpServices, 'relay' | 'credentials' | 'platform' | 'reporter'>;

export interface PassthroughOptions {
  /** The request's body, when it has been read already. */
  readonly body?: Uint8Array;
  /** See `RelayRequest`. */
  readonly isBrief?: boolean;
  /** It costs money: told of it before it is sent, and of the answer. */
  readonly paid?: (send: Send) => ReturnType<Send>;
  /** Added to the answer's headers. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** Answers a request with what upstream says to it: bytes, status and headers as they come. */
export async function passThrough(
  c: Context,
  services: PassthroughServices,
  principal: Principal,
  options: PassthroughOptions = {},
): Promise<Response> {
  const { relay, credentials, platform } = services;
  const { paid = (send: Send) => send() } = options;
  const headers = [...c.req.raw.headers];
  const answer = await paid(() =>
    relay.send({
      method: c.req.method,
      target: upstreamTarget(platform.rawTarget(c)),
      // Its price is read from the answer, which has to be plain.
      headers: options.paid === undefined ? headers : withoutEncodings(headers),
      body: options.body ?? c.req.raw.body ?? undefined,
      apiKey: principal.apiKey,
      signal: c.req.raw.signal,
      isBrief: options.isBrief,
    }),
  );
  const { status } = answer;
  noteRelay(c, answer.headers);
  if (status === 401) await credentials.refused(principal);
  const empty = c.req.method === 'HEAD' || status === 204 || status === 304;
  const body = empty ? null : toBodyStream(answer.body, breakOff(c, services));
  return new Response(body, { status, headers: plainHeaders(answer.headers, options.extra) });
}

function withoutEncodings(headers: HeaderList): HeaderList {
  const others = headers.filter(([name]) => name !== 'accept-encoding');
  return [...others, ['accept-encoding', 'identity']];
}
