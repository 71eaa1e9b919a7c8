import { request } from 'node:http';
import { API_KEY, MULTIMODAL } from '../servers/stack.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In these chunks; without a Content-Length header they go chunked. */
  readonly chunks?: readonly (string | Uint8Array)[];
}

/** A request as no polite client would send it: methods, headers and framing that `fetch` refuses. */
export function requestRaw(origin: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { method = 'POST', path = MULTIMODAL, headers = {}, chunks = [] } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(origin + path, {
      method,
      agent: false,
      headers: { authorization: `Bearer ${API_KEY}`, ...headers },
    });
    outgoing.once('response', (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.once('end', () => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(parts).toString(),
        });
        outgoing.destroy();
      });
    });
    outgoing.once('error', reject);
    for (const chunk of chunks) outgoing.write(chunk);
    outgoing.end();
  });
}
