import type { HeaderList } from '../core/headers.ts';

/** Sends HTTP requests as they are: nothing decoded, no redirect followed, nothing retried. */
export interface Transport {
  /** Resolves when the response head is there. Rejects with `TransportError`, or with the signal's reason. */
  send(request: TransportRequest): Promise<TransportResponse>;
}

export interface TransportRequest {
  readonly method: string;
  /** Scheme and authority: `https://host` or `http://host:port`. */
  readonly origin: string;
  /** Path and query, sent exactly as given. */
  readonly path: string;
  readonly headers: HeaderList;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Ends the request at any time, even while the body is read. */
  readonly signal?: AbortSignal | undefined;
  /**
   * A connection of its own. For requests that cost money: a kept-alive connection that the server closes while we
   * write leaves open whether the request was taken.
   */
  readonly ownConnection?: boolean;
}

export interface TransportResponse {
  readonly status: number;
  /** In order, repeated names kept apart, names in lower case. */
  readonly headers: HeaderList;
  /** The bytes as they came (still compressed if they were). Ending the iteration early ends the request. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The request failed below HTTP. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** False only when it is certain that no byte of the request reached the server (DNS, refused, TLS, connect timeout). */
  readonly sent: boolean;

  constructor(message: string, sent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.sent = sent;
  }
}
