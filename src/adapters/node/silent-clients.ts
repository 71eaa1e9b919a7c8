import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Call {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** A client that neither sends nor reads for this long is gone, or means harm. Milliseconds. */
const SILENCE_MS = 2 * 60 * 1000;

/**
 * Breaks off connections on which nothing moves for this long although it is the client's turn to send the rest of its
 * request, or to read its answer. Node's own timeout cannot tell whose turn it is, and an image may take minutes to draw.
 */
export function endSilentClients(server: Server, silenceMs = SILENCE_MS): void {
  const calls = new WeakMap<Socket, Call>();
  server.on('request', (incoming, outgoing) => {
    const call = { incoming, outgoing };
    calls.set(incoming.socket, call);
    outgoing.once('close', () => {
      // The next request of a pipeline may have begun.
      if (calls.get(incoming.socket) === call) calls.delete(incoming.socket);
    });
  });
  server.setTimeout(silenceMs, (socket) => {
    const call = calls.get(socket);
    if (call === undefined || !isOurTurn(socket, call)) socket.destroy();
  });
}

function isOurTurn(socket: Socket, { incoming, outgoing }: Call): boolean {
  return socket.writableLength === 0 && (incoming.complete || outgoing.headersSent);
}
