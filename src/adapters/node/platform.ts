import type { HttpBindings } from '@hono/node-server';
import { countedAddress } from './client-address.ts';
import { textOfRequest } from './request-memo-listener.ts';

interface NodeContext {
  readonly env: unknown;
}

/** What Node's HTTP server knows beyond the Web `Request`. */
export const nodePlatform = {
  clientAddress: (c: NodeContext): string =>
    countedAddress(bindings(c).incoming.socket.remoteAddress ?? 'unknown'),
  textOfRequest: (c: NodeContext): string | undefined => textOfRequest(bindings(c).incoming),
  rawTarget: (c: NodeContext): string => bindings(c).incoming.url ?? '/',
  cut: (c: NodeContext): void => {
    bindings(c).outgoing.destroy();
  },
};

function bindings({ env }: NodeContext): HttpBindings {
  if (isBindings(env)) return env;
  throw new Error('the app does not run on @hono/node-server');
}

function isBindings(env: unknown): env is HttpBindings {
  return typeof env === 'object' && env !== null && 'incoming' in env && 'outgoing' in env;
}
