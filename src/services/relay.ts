import { AppError } from '../core/errors.ts';
import { findHeader, type HeaderList, withoutAccount, withoutHopByHop } from '../core/headers.ts';
import { type Transport, TransportError, type TransportResponse } from '../ports/transport.ts';

export interface RelayOptions {
  /** Scheme and authority of upstream. */
  readonly origin: string;
  /** What stands before `/api/v1` there, without a slash at the end. */
  readonly prefix: string;
  readonly loopHeaders: HeaderList;
  /** The account is the server's, so its callers are told nothing of it. */
  readonly hidesAccount: boolean;
}

export interface RelayRequest {
  readonly method: string;
  /** Path and query exactly as the client sent them. */
  readonly target: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** The key that pays. */
  readonly apiKey: string;
  /** The client's own: when it leaves, upstream is left too. */
  readonly signal: AbortSignal;
}

/** Headers that are ours to set. */
const REPLACED: ReadonlySet<string> = new Set(['host', 'authorization', 'expect', 'content-length']);

/** Hands requests that are not ours to upstream: streamed both ways, never retried, nothing followed or decoded. */
export class Relay {
  readonly #transport: Transport;
  readonly #options: RelayOptions;

  constructor(transport: Transport, options: RelayOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  /** `upstream_unreachable` when there is no answer. */
  async send({ method, target, headers, body, apiKey, signal }: RelayRequest): Promise<TransportResponse> {
    const declared = findHeader(headers, 'content-length');
    const length = body instanceof Uint8Array ? String(body.byteLength) : declared;
    try {
      const response = await this.#transport.send({
        method,
        origin: this.#options.origin,
        path: this.#options.prefix + target,
        headers: [
          ...withoutHopByHop(headers).filter(([name]) => !REPLACED.has(name.toLowerCase())),
          ['authorization', `Bearer ${apiKey}`],
          ...(length === undefined ? [] : [['content-length', length] as const]),
          ...this.#options.loopHeaders,
        ],
        body,
        signal,
      });
      const kept = withoutHopByHop(response.headers);
      return { ...response, headers: this.#options.hidesAccount ? withoutAccount(kept) : kept };
    } catch (cause) {
      if (!(cause instanceof TransportError)) throw cause;
      throw new AppError('upstream_unreachable', 'Upstream cannot be reached or broke the connection off.', {
        cause,
      });
    }
  }
}
