import { isIP } from 'node:net';
import { Agent } from 'undici';
import type { Transport } from '../../ports/transport.ts';
import { sendRequest } from './send-request.ts';

export interface UndiciTransportOptions {
  /**
   * The one IP address that every connection of this transport goes to, whatever the host's name resolves to. Host header
   * and TLS server name stay those of the origin.
   */
  readonly address?: string | undefined;
  /** The most connections per origin, counted apart for requests with their own connection. Default 256. */
  readonly connections?: number | undefined;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * HTTP/1.1 through undici. Nothing is decoded, followed or retried; the only time bound is 10 s to connect, since callers
 * bring a signal. HTTP_PROXY and its relatives are not honoured: the upstream is named explicitly.
 *
 * `close` ends the requests that are in progress and every connection.
 */
export function createUndiciTransport(
  options: UndiciTransportOptions = {},
): Transport & { close(): Promise<void> } {
  const shared = createAgent(options, 1);
  const unshared = createAgent(options, 0);
  return {
    send: (request) => sendRequest(request.ownConnection ? unshared : shared, request),
    close: async () => {
      await Promise.all([shared.destroy(), unshared.destroy()]);
    },
  };
}

/** `pipelining` 0 is undici's way to say: no connection is used twice. */
function createAgent(options: UndiciTransportOptions, pipelining: 0 | 1): Agent {
  const { address } = options;
  return new Agent({
    pipelining,
    connections: options.connections ?? 256,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(address === undefined ? {} : { lookup: pinnedLookup(address) }),
    },
  });
}

type LookupCallback = (
  error: Error | null,
  address: string | { address: string; family: number }[],
  family?: number,
) => void;

function pinnedLookup(address: string) {
  const family = isIP(address);
  return (_host: string, options: { all?: boolean | undefined }, callback: LookupCallback): void => {
    if (options.all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
