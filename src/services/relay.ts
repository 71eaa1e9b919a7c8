import { AppError } from '../core/errors.ts';
import { findHeader, type HeaderList, withoutAccount, withoutHopByHop } from '../core/headers.ts';
import { type Transport, TransportError, type TransportResponse } from '../ports/transport.ts';
import type { Slots } from './limits/slots.ts';

/** Collaborators of `Relay`. */
export interface RelayDeps {
  /** With connections of its own: whatever passes through keeps none from what is paid for. */
  readonly transport: Transport;
  /** Places for what passes through, fewer than there are connections. */
  readonly slots: Slots;
}

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
  /** Answered at once, like a poll of a job that costs money: it needs no place. */
  readonly isBrief?: boolean | undefined;
}

/** What may pass through at once on this process, and wait for it. undici opens 256 connections to one origin. */
export const RELAY_SLOTS = { limit: 224, maxWaiting: 256, maxWaitMs: 10_000 } as const;

/** Headers that are ours to set. */
const REPLACED: ReadonlySet<string> = new Set(['host', 'authorization', 'expect', 'content-length']);

/** Hands requests that are not ours to upstream: streamed both ways, never retried, nothing followed or decoded. */
export class Relay {
  readonly #deps: RelayDeps;
  readonly #options: RelayOptions;

  constructor(deps: RelayDeps, options: RelayOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** `upstream_unreachable` when there is no answer, `overloaded` when too many others have a place. */
  async send(request: RelayRequest): Promise<TransportResponse> {
    const { method, isBrief = false, signal } = request;
    if (isBrief) return await this.#send(request);
    const leave = await this.#deps.slots.take(signal);
    signal.addEventListener('abort', leave, { once: true });
    try {
      const response = await this.#send(request);
      const { status } = response;
      if (method === 'HEAD' || status === 204 || status === 304) leave();
      return { ...response, body: atItsEnd(response.body, leave) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #send({ method, target, headers, body, apiKey, signal }: RelayRequest): Promise<TransportResponse> {
    const declared = findHeader(headers, 'content-length');
    const length = body instanceof Uint8Array ? String(body.byteLength) : declared;
    try {
      const response = await this.#deps.transport.send({
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

/** The same chunks; `done` is called when they have ended in any way, before the first of them too. */
function atItsEnd(chunks: AsyncIterable<Uint8Array>, done: () => void): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = chunks[Symbol.asyncIterator]();
      return {
        next: async () => {
          try {
            const step = await iterator.next();
            if (step.done) done();
            return step;
          } catch (error) {
            done();
            throw error;
          }
        },
        return: async () => {
          done();
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
