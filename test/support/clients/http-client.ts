import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';

export interface ClientRequest {
  readonly method?: string;
  /** Sent exactly as given. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Names and values in turn, as they stood on the wire. */
  readonly rawHeaders: readonly string[];
  /** Not decoded. */
  readonly body: Buffer;
}

/** One request on a connection of its own; nothing added but Host and framing, nothing followed, nothing decoded. */
export async function send(origin: string, wanted: ClientRequest): Promise<RawAnswer> {
  const answer = await open(origin, wanted);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    rawHeaders: answer.rawHeaders,
    body: Buffer.concat(chunks),
  };
}

/** The same, up to the head of the answer. */
export function open(origin: string, wanted: ClientRequest, signal?: AbortSignal): Promise<IncomingMessage> {
  const { method = 'GET', path, headers = {}, body } = wanted;
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      // A bracketed IPv6 address is how a URL spells it, not how a socket does.
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      method,
      path,
      headers: {
        authorization: 'Bearer sk-test-client',
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Writes these bytes to the server and gives back every byte of its answer, until the connection ends in any way. */
export function exchangeBytes(origin: string, text: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.write(text);
  });
}
