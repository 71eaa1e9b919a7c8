import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../core/errors.ts';

/** Listens and resolves with `http://host:port`. Errors: `config`. */
export function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(
        new AppError('config', `Cannot listen on HOST=${host} PORT=${port}: ${cause.message}.`, { cause }),
      );
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      const address: AddressInfo | string | null = server.address();
      if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
      const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      resolve(`http://${host === 'localhost' ? host : shown}:${address.port}`);
    });
  });
}

/** Takes no new connections, ends idle ones now and busy ones after their answer. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** Follows the answers under way; the function it returns waits until there are none. */
export function watchAnswers(server: Server): () => Promise<void> {
  const underWay = new Set<ServerResponse>();
  server.on('request', (_, outgoing) => {
    underWay.add(outgoing);
    outgoing.once('close', () => underWay.delete(outgoing));
  });
  return async () => {
    while (underWay.size > 0) await Promise.all([...underWay].map(untilClosed));
  };
}

function untilClosed(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => outgoing.once('close', resolve));
}
