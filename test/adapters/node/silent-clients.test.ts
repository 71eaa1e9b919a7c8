import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endSilentClients } from '../../../src/adapters/node/silent-clients.ts';
import { createGate } from '../../support/fakes/gate.ts';

/** More than all the buffers between two sockets hold. */
const LARGE = Buffer.alloc(32 * 1024 * 1024);

async function start(listener: RequestListener): Promise<{ server: Server; dial: (text: string) => Socket }> {
  const server = createServer(listener);
  endSilentClients(server, 50);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const dial = (text: string) => {
    const socket = connect(address.port, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => {
      socket.destroy();
    });
    socket.write(text);
    return socket;
  };
  return { server, dial };
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a client on whose connection nothing moves', () => {
  it('is left when it does not read', async () => {
    const left = createGate();
    const { dial } = await start((_, outgoing) => {
      outgoing.once('close', () => left.open());
      outgoing.end(LARGE);
    });
    dial(GET).pause();
    await left.opened;
  });

  it('is left when it does not send the rest of its request', async () => {
    const left = createGate();
    const { dial } = await start((incoming, outgoing) => {
      outgoing.once('close', () => left.open());
      incoming.resume();
    });
    dial('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    await left.opened;
  });

  it('is left when it does nothing between its requests', async () => {
    const { server, dial } = await start((_, outgoing) => outgoing.end('done'));
    server.keepAliveTimeout = 0;
    const socket = dial(GET).resume();
    await once(socket, 'close');
  });

  it('is not left while it waits for us, however long', async () => {
    const mayAnswer = createGate();
    const { server, dial } = await start(async (_, outgoing) => {
      await mayAnswer.opened;
      outgoing.write('first');
      await once(server, 'timeout');
      outgoing.end('last');
    });
    const socket = dial(GET.replace('Host', 'Connection: close\r\nHost'));
    const closed = once(socket, 'close');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await once(server, 'timeout');
    mayAnswer.open();
    await closed;
    expect(text).toMatch(/first.*last/s);
  });
});
