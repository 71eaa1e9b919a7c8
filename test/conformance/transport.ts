import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Transport, TransportError, type TransportRequest } from '../../src/ports/transport.ts';
import { createGate } from '../support/fakes/gate.ts';
import { findClosedPort, startServer, startTcpServer } from '../support/servers/http-server.ts';

type ClosableTransport = Transport & { close(): Promise<void> };

/** What every transport promises, on real sockets. */
export function describeTransport(name: string, createTransport: () => ClosableTransport): void {
  const open = (): ClosableTransport => {
    const transport = createTransport();
    onTestFinished(() => transport.close());
    return transport;
  };
  const get = (origin: string, more: Partial<TransportRequest> = {}): TransportRequest => ({
    method: 'GET',
    origin,
    path: '/',
    headers: [],
    ...more,
  });

  describe(`${name}: the request`, () => {
    it.each([
      '/a/../b/./c',
      '//double//slash',
      '/%7Euser/%2e%2E/',
      '/path?',
      '/?q=%20+&&=;a[]=1',
      '/a;b@c:d!$',
    ])('sends the path %s exactly as given', async (path) => {
      const server = await startServer((request, response) => response.end(request.url));
      const response = await open().send(get(server.origin, { path }));
      expect(await readText(response.body)).toBe(path);
    });

    it('sends headers in order, with their case, repeats and Latin-1 values', async () => {
      const server = await startServer((request, response) =>
        response.end(JSON.stringify(request.rawHeaders)),
      );
      const response = await open().send(
        get(server.origin, {
          headers: [
            ['X-B', '1'],
            ['x-a', 'caf\u00e9'],
            ['X-B', '2'],
          ],
        }),
      );
      const raw: string[] = JSON.parse((await readBytes(response.body)).toString());
      expect(raw.slice(raw.indexOf('X-B'))).toEqual(['X-B', '1', 'x-a', 'caf\u00e9', 'X-B', '2']);
    });

    it('sends the host it is given, once', async () => {
      const server = await startServer((request, response) =>
        response.end(JSON.stringify(request.rawHeaders)),
      );
      const response = await open().send(get(server.origin, { headers: [['host', 'images.example']] }));
      const raw: string[] = JSON.parse((await readBytes(response.body)).toString());
      expect(raw.filter((text) => text.toLowerCase() === 'host')).toHaveLength(1);
      expect(raw).toContain('images.example');
    });

    it('leaves out headers of the connection that the caller was on', async () => {
      const server = await startServer((request, response) => response.end(JSON.stringify(request.headers)));
      const response = await open().send(
        get(server.origin, {
          method: 'POST',
          headers: [
            ['Expect', '100-continue'],
            ['Transfer-Encoding', 'chunked'],
            ['Keep-Alive', 'timeout=9'],
            ['Upgrade', 'h2c'],
          ],
          body: new Uint8Array([1]),
        }),
      );
      const headers: Record<string, string> = JSON.parse(await readText(response.body));
      for (const header of ['expect', 'transfer-encoding', 'keep-alive', 'upgrade']) {
        expect(headers).not.toHaveProperty(header);
      }
    });

    it('sends bytes with their length', async () => {
      const server = await startServer(echo);
      const body = new Uint8Array([9, 1, 2, 3]).subarray(1);
      const response = await open().send(get(server.origin, { method: 'POST', body }));
      expect(findHeader(response.headers, 'x-length')).toBe('3');
      expect(await readBytes(response.body)).toEqual(Buffer.from([1, 2, 3]));
    });

    it('sends an empty body with length 0', async () => {
      const server = await startServer(echo);
      const response = await open().send(get(server.origin, { method: 'POST', body: new Uint8Array() }));
      expect(findHeader(response.headers, 'x-length')).toBe('0');
      expect(await readText(response.body)).toBe('');
    });

    it('streams a body in chunks when its length is not told', async () => {
      const server = await startServer(echo);
      const response = await open().send(
        get(server.origin, { method: 'POST', body: iterate(['ab', '', 'cd']) }),
      );
      expect(findHeader(response.headers, 'x-encoding')).toBe('chunked');
      expect(await readText(response.body)).toBe('abcd');
    });

    it('streams a body under the length that the caller gives', async () => {
      const server = await startServer(echo);
      const response = await open().send(
        get(server.origin, {
          method: 'PUT',
          headers: [['content-length', '4']],
          body: iterate(['ab', 'cd']),
        }),
      );
      expect(findHeader(response.headers, 'x-length')).toBe('4');
      expect(findHeader(response.headers, 'x-encoding')).toBe('');
      expect(await readText(response.body)).toBe('abcd');
    });

    it('sends each chunk before it asks for the next', async () => {
      const arrived = createGate();
      const server = await startServer((request, response) => {
        request.once('data', () => arrived.open());
        request.on('end', () => response.end('done'));
        request.resume();
      });
      async function* body() {
        yield Buffer.from('first');
        await arrived.opened;
        yield Buffer.from('second');
      }
      const response = await open().send(get(server.origin, { method: 'POST', body: body() }));
      expect(await readText(response.body)).toBe('done');
    });

    it('stops asking for the body when the server does not read', async () => {
      const paused = createGate<IncomingMessage>();
      const server = await startServer((request, response) => {
        request.on('end', () => response.end('done'));
        paused.open(request);
      });
      const total = 64 * 1024 * 1024;
      let taken = 0;
      let stalled = createGate();
      async function* body() {
        const chunk = Buffer.alloc(256 * 1024);
        for (taken = 0; taken < total; taken += chunk.length) yield chunk;
        stalled.open();
      }
      const sending = open().send(get(server.origin, { method: 'POST', body: body() }));
      const request = await paused.opened;
      await untilQuiet(() => taken);
      expect(taken).toBeLessThan(total);
      stalled = createGate();
      request.resume();
      await stalled.opened;
      expect(await readText((await sending).body)).toBe('done');
    });

    it('fails with the cause, and releases the body, when the body fails', async () => {
      const server = await startServer((request) => request.resume());
      const failure = new Error('the client hung up');
      async function* body() {
        yield Buffer.from('half');
        throw failure;
      }
      const error = await rejection(open().send(get(server.origin, { method: 'POST', body: body() })));
      expect(error).toMatchObject({ name: 'TransportError', sent: true, cause: failure });
    });

    it('gives an answer that comes before the body has been sent, and releases the body', async () => {
      const released = createGate();
      const server = await startServer((_request, response) => response.writeHead(413).end('too large'));
      async function* body() {
        try {
          for (let at = 0; at < 10_000; at += 1) yield Buffer.alloc(64 * 1024);
        } finally {
          released.open();
        }
      }
      const response = await open().send(get(server.origin, { method: 'POST', body: body() }));
      expect(response.status).toBe(413);
      expect(await readText(response.body)).toBe('too large');
      await released.opened;
    });

    it('releases the body when no connection can be made', async () => {
      const released = createGate();
      const body: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false, value: Buffer.from('x') }),
          return: async () => {
            released.open();
            return { done: true, value: undefined };
          },
        }),
      };
      const origin = `http://127.0.0.1:${await findClosedPort()}`;
      const error = await rejection(open().send(get(origin, { method: 'POST', body })));
      expect(error).toMatchObject({ name: 'TransportError', sent: false });
      await released.opened;
    });
  });

  describe(`${name}: the response`, () => {
    it('gives status and headers in order, lower-cased, with repeats and Latin-1 values', async () => {
      const server = await startServer((_request, response) => {
        response.writeHead(418, [
          'X-Second',
          '2',
          'Set-Cookie',
          'a=1',
          'x-first',
          'caf\u00e9',
          'Set-Cookie',
          'b=2',
        ]);
        response.end();
      });
      const response = await open().send(get(server.origin));
      expect(response.status).toBe(418);
      expect(response.headers.slice(0, 4)).toEqual([
        ['x-second', '2'],
        ['set-cookie', 'a=1'],
        ['x-first', 'caf\u00e9'],
        ['set-cookie', 'b=2'],
      ]);
      expect(await readText(response.body)).toBe('');
    });

    it('leaves compressed bytes as they are', async () => {
      const compressed = gzipSync('picture');
      const server = await startServer((_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(compressed);
      });
      const response = await open().send(get(server.origin));
      expect(findHeader(response.headers, 'content-encoding')).toBe('gzip');
      expect(await readBytes(response.body)).toEqual(compressed);
    });

    it('does not follow redirects', async () => {
      const server = await startServer((_request, response) => {
        response.writeHead(302, { location: '/elsewhere' }).end('moved');
      });
      const response = await open().send(get(server.origin));
      expect(response.status).toBe(302);
      expect(await readText(response.body)).toBe('moved');
    });

    it('gives the first event before the server sends the second', async () => {
      const seen = createGate();
      const server = await startServer(async (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
        await seen.opened;
        response.end('data: 2\n\n');
      });
      const response = await open().send(get(server.origin));
      const events: string[] = [];
      for await (const chunk of response.body) {
        events.push(Buffer.from(chunk).toString());
        seen.open();
      }
      expect(events).toEqual(['data: 1\n\n', 'data: 2\n\n']);
    });

    it('gives the head before any byte of the body', async () => {
      const headSeen = createGate();
      const server = await startServer(async (_request, response) => {
        response.flushHeaders();
        await headSeen.opened;
        response.end('late');
      });
      const response = await open().send(get(server.origin));
      headSeen.open();
      expect(await readText(response.body)).toBe('late');
    });

    it.each([
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ])('ends at once without a body: %s %d', async (method, status) => {
      const server = await startServer((_request, response) => {
        response.writeHead(status, method === 'HEAD' ? { 'content-length': '5' } : {}).end();
      });
      const response = await open().send(get(server.origin, { method }));
      expect(response.status).toBe(status);
      expect(await readText(response.body)).toBe('');
    });

    it('ignores interim answers', async () => {
      const server = await startServer((_request, response) => {
        response.writeProcessing();
        response.writeEarlyHints({ link: '</a>; rel=preload' });
        response.end('final');
      });
      const response = await open().send(get(server.origin));
      expect(response.status).toBe(200);
      expect(findHeader(response.headers, 'link')).toBeUndefined();
      expect(await readText(response.body)).toBe('final');
    });

    it('makes the server wait while nobody reads', async () => {
      const answering = createGate<ServerResponse>();
      const size = 64 * 1024 * 1024;
      let written = 0;
      const server = await startServer(async (_request, response) => {
        answering.open(response);
        const chunk = Buffer.alloc(256 * 1024);
        for (written = 0; written < size; written += chunk.length) {
          if (!response.write(chunk)) await once(response, 'drain');
        }
        response.end();
      });
      const response = await open().send(get(server.origin));
      const answer = await answering.opened;
      await untilQuiet(() => written);
      expect(answer.writableNeedDrain).toBe(true);
      expect(written).toBeLessThan(size);
      let received = 0;
      for await (const chunk of response.body) received += chunk.length;
      expect(received).toBe(size);
    });

    it('closes the connection when the reading ends early', async () => {
      const { origin, closed } = await startEndless();
      const response = await open().send(get(origin));
      for await (const _chunk of response.body) break;
      await closed;
    });

    it('closes the connection when the reading ends before its first step', async () => {
      const { origin, closed } = await startEndless();
      const response = await open().send(get(origin));
      await response.body[Symbol.asyncIterator]().return?.();
      await closed;
    });
  });

  describe(`${name}: failures`, () => {
    it('is certain that nothing was sent to a port that refuses', async () => {
      const error = await rejection(open().send(get(`http://127.0.0.1:${await findClosedPort()}`)));
      expect(error).toBeInstanceOf(TransportError);
      expect(error).toMatchObject({ sent: false, cause: { code: 'ECONNREFUSED' } });
    });

    it('is certain that nothing was sent to a name that does not resolve', async () => {
      // A label over 63 characters fails in the resolver itself: no query leaves the machine.
      const error = await rejection(open().send(get(`http://${'a'.repeat(64)}.invalid`)));
      expect(error).toMatchObject({ name: 'TransportError', sent: false });
    });

    it('is certain that nothing was sent when the TLS handshake fails', async () => {
      const server = await startTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
      const error = await rejection(open().send(get(`https://127.0.0.1:${server.port}`)));
      expect(error).toMatchObject({ name: 'TransportError', sent: false });
    });

    it('is certain that nothing was sent when the request is malformed', async () => {
      const server = await startServer((_request, response) => response.end());
      const error = await rejection(open().send(get(server.origin, { headers: [['x', 'a\r\nb: c']] })));
      expect(error).toMatchObject({ name: 'TransportError', sent: false });
      expect(server.connections()).toBe(0);
    });

    it('cannot know what a server took that resets before the head', async () => {
      const server = await startServer((request) => request.socket.resetAndDestroy());
      const error = await rejection(
        open().send(get(server.origin, { method: 'POST', body: Buffer.from('x') })),
      );
      expect(error).toMatchObject({ name: 'TransportError', sent: true });
    });

    it('sends a request once, whatever becomes of it', async () => {
      let requests = 0;
      const server = await startServer((request) => {
        requests += 1;
        request.socket.destroy();
      });
      await rejection(open().send(get(server.origin)));
      expect(requests).toBe(1);
    });

    it.each([
      ['reset', (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
      ['closed', (socket: { destroy(): void }) => socket.destroy()],
    ])('throws from the iteration when the connection is %s before the declared end', async (_how, cut) => {
      const halfRead = createGate();
      const server = await startServer(async (request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('half');
        await halfRead.opened;
        cut(request.socket);
      });
      const response = await open().send(get(server.origin));
      const chunks: string[] = [];
      const reading = async () => {
        for await (const chunk of response.body) {
          chunks.push(Buffer.from(chunk).toString());
          halfRead.open();
        }
      };
      expect(await rejection(reading())).toMatchObject({ name: 'TransportError', sent: true });
      expect(chunks).toEqual(['half']);
    });

    it('throws from an iteration that begins after the failure', async () => {
      const { origin } = await startEndless();
      const transport = createTransport();
      const response = await transport.send(get(origin));
      await transport.close();
      expect(await rejection(readBytes(response.body))).toMatchObject({ name: 'TransportError', sent: true });
    });
  });

  describe(`${name}: the signal`, () => {
    const reason = new Error('not wanted any more');

    it('keeps a request from being sent', async () => {
      const server = await startServer((_request, response) => response.end());
      const sending = open().send(get(server.origin, { signal: AbortSignal.abort(reason) }));
      expect(await rejection(sending)).toBe(reason);
      expect(server.connections()).toBe(0);
    });

    it('ends the wait for a connection', async () => {
      const aborting = new AbortController();
      const greeted = createGate();
      // TLS: the connection is not there before the server answers the greeting, which this one never does.
      const server = await startTcpServer((socket) => socket.once('data', () => greeted.open()));
      const sending = open().send(get(`https://127.0.0.1:${server.port}`, { signal: aborting.signal }));
      await greeted.opened;
      aborting.abort(reason);
      expect(await rejection(sending)).toBe(reason);
    });

    it('ends the wait for the head and closes the connection', async () => {
      const aborting = new AbortController();
      const arrived = createGate<IncomingMessage>();
      const server = await startServer((request) => arrived.open(request));
      const sending = open().send(get(server.origin, { signal: aborting.signal }));
      const { socket } = await arrived.opened;
      const closed = once(socket, 'close');
      aborting.abort(reason);
      expect(await rejection(sending)).toBe(reason);
      await closed;
    });

    it('ends the sending of a body and releases it', async () => {
      const aborting = new AbortController();
      const released = createGate();
      const server = await startServer((request) => {
        request.on('error', () => {});
        request.once('data', () => aborting.abort(reason));
      });
      async function* body() {
        try {
          for (let at = 0; at < 10_000; at += 1) yield Buffer.alloc(64 * 1024);
        } finally {
          released.open();
        }
      }
      const sending = open().send(
        get(server.origin, { method: 'POST', body: body(), signal: aborting.signal }),
      );
      expect(await rejection(sending)).toBe(reason);
      await released.opened;
    });

    it('ends the reading of the body and closes the connection', async () => {
      const aborting = new AbortController();
      const { origin, closed } = await startEndless();
      const response = await open().send(get(origin, { signal: aborting.signal }));
      const reading = async () => {
        for await (const _chunk of response.body) aborting.abort(reason);
      };
      expect(await rejection(reading())).toBe(reason);
      await closed;
    });

    it('ends a body that nobody has begun to read', async () => {
      const aborting = new AbortController();
      const { origin, closed } = await startEndless();
      const response = await open().send(get(origin, { signal: aborting.signal }));
      aborting.abort(reason);
      await closed;
      expect(await rejection(readBytes(response.body))).toBe(reason);
    });
  });

  describe(`${name}: connections`, () => {
    it('reuses connections for ordinary requests', async () => {
      const server = await startServer((_request, response) => response.end('ok'));
      const transport = open();
      for (let at = 0; at < 10; at += 1) {
        await readText((await transport.send(get(server.origin, { method: 'POST' }))).body);
      }
      // Two, not one: a connection counts as busy until the turn of the event loop after its answer.
      expect(server.connections()).toBeLessThanOrEqual(2);
    });

    it('gives a request a connection of its own, always', async () => {
      const server = await startServer((_request, response) => response.end('ok'));
      const transport = open();
      await readText((await transport.send(get(server.origin))).body);
      for (let at = 0; at < 3; at += 1) {
        const request = get(server.origin, { method: 'POST', ownConnection: true });
        await readText((await transport.send(request)).body);
      }
      expect(server.connections()).toBe(4);
      await readText((await transport.send(get(server.origin))).body);
      expect(server.connections()).toBe(4);
    });

    it('ends the exchanges in progress when it is closed', async () => {
      const arrived = createGate();
      const server = await startServer(() => arrived.open());
      const transport = createTransport();
      const sending = transport.send(get(server.origin));
      await arrived.opened;
      await Promise.all([
        transport.close(),
        rejection(sending).then((error) =>
          expect(error).toMatchObject({ name: 'TransportError', sent: true }),
        ),
      ]);
    });
  });
}

/** Answers with bytes that never end; `closed` settles when the client has gone. */
async function startEndless(): Promise<{ origin: string; closed: Promise<void> }> {
  const closed = createGate();
  const server = await startServer((_request, response) => {
    response.on('close', () => closed.open());
    response.write('begin');
  });
  return { origin: server.origin, closed: closed.opened };
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  response.setHeader('x-length', request.headers['content-length'] ?? '');
  response.setHeader('x-encoding', request.headers['transfer-encoding'] ?? '');
  response.end(Buffer.concat(chunks));
}

async function* iterate(parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function readBytes(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  return (await readBytes(body)).toString('latin1');
}

function findHeader(headers: readonly (readonly [string, string])[], name: string): string | undefined {
  return headers.find(([header]) => header === name)?.[1];
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected a rejection, got ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

/** Resolves when the count has stood still over many turns of the event loop: sockets have taken what they will. */
async function untilQuiet(read: () => number): Promise<void> {
  let last = -1;
  for (let still = 0; still < 1000; ) {
    await new Promise(setImmediate);
    const now = read();
    still = now === last ? still + 1 : 0;
    last = now;
  }
}
