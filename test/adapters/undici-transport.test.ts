import { describe, expect, it, onTestFinished } from 'vitest';
import { createUndiciTransport } from '../../src/adapters/undici/transport.ts';
import { describeTransport } from '../conformance/transport.ts';
import { createGate } from '../support/fakes/gate.ts';
import { startServer, startTcpServer } from '../support/servers/http-server.ts';

describeTransport('undici transport', () => createUndiciTransport());

describe('undici transport to one address', () => {
  const openPinned = () => {
    const transport = createUndiciTransport({ address: '127.0.0.1' });
    onTestFinished(() => transport.close());
    return transport;
  };

  it('connects there under the name of the origin', async () => {
    const server = await startServer((request, response) => response.end(request.headers.host));
    const origin = `http://pictures.invalid:${server.port}`;
    const response = await openPinned().send({ method: 'GET', origin, path: '/', headers: [] });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(`pictures.invalid:${server.port}`);
  });

  it('asks for the certificate of the name', async () => {
    const greeting = createGate<string>();
    const server = await startTcpServer((socket) => {
      socket.once('data', (bytes) => {
        greeting.open(bytes.toString('latin1'));
        socket.destroy();
      });
    });
    const origin = `https://pictures.invalid:${server.port}`;
    const sending = openPinned().send({ method: 'GET', origin, path: '/', headers: [] });
    await expect(sending).rejects.toMatchObject({ name: 'TransportError', sent: false });
    expect(await greeting.opened).toContain('pictures.invalid');
  });
});
