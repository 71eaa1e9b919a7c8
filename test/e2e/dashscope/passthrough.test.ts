import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { exchangeBytes, send } from '../../support/clients/http-client.ts';
import { startServer, startTcpServer } from '../../support/servers/http-server.ts';
import { startProxy } from '../../support/servers/proxy.ts';
import { MULTIMODAL } from '../../support/servers/stack.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A proxy in front of an upstream that answers as told and keeps what it was asked. */
async function startRecorded(
  answer: (outgoing: ServerResponse) => void = (outgoing) => outgoing.end('{}'),
  env: Readonly<Record<string, string>> = {},
) {
  const seen: Seen[] = [];
  const upstream = await startServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method = '', url = '', headers } = incoming;
    seen.push({ method, url, headers, body: Buffer.concat(chunks) });
    answer(outgoing);
  });
  const { origin } = await startProxy(upstream.origin, env);
  return { origin, seen, upstream };
}

describe('what goes to upstream', () => {
  it.each([
    '/api/v1/files?purpose=%7Efine-tune',
    '/api/v1//double//slash/',
    '/api/v1/a%7Eb/%E4%BD%A0%2Fc',
    '/api/v1/tasks/abc?',
    '/api/v1/x?a=1&a=2&&b=&c=/../d',
    '/api/v1/x?a=%zz#fragment',
    '/api/v1/',
    '/api/v1/{id}|x^',
    '/compatible-mode/v1/models',
    '/compatible-mode//v1/files/file-1/content?x=y',
  ])('the path %s goes exactly as sent', async (path) => {
    const { origin, seen } = await startRecorded();
    expect((await send(origin, { path })).status).toBe(200);
    expect(seen.map(({ url }) => url)).toEqual([path]);
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])('%s stays %s', async (method) => {
    const { origin, seen } = await startRecorded();
    const body = ['GET', 'HEAD', 'OPTIONS'].includes(method) ? {} : { body: Buffer.from([0, 255, 128, 10]) };
    expect((await send(origin, { method, path: '/api/v1/any', ...body })).status).toBe(200);
    expect(seen[0]).toMatchObject({ method, body: Buffer.from(body.body ?? []) });
  });

  it('a gzipped body arrives as it was sent', async () => {
    const { origin, seen } = await startRecorded();
    const body = gzipSync('{"model":"text-embedding-v4"}');
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
    await send(origin, { method: 'POST', path: '/api/v1/services/embeddings/x/y', headers, body });
    expect(seen[0]?.body.equals(body)).toBe(true);
    expect(seen[0]?.headers).toMatchObject({ ...headers, 'content-length': String(body.length) });
  });

  it('a vision model on the path of the image models passes with every byte of its body', async () => {
    const { origin, seen } = await startRecorded();
    const body =
      '{ "model" : "qwen3-vl-plus",\n"input":{"messages":[]}, "x": 1.0e2, "x": 12345678901234567890 }';
    const headers = { 'content-type': 'application/json;charset=utf-8' };
    for (const path of [MULTIMODAL, `${MULTIMODAL}/`]) {
      expect((await send(origin, { method: 'POST', path, headers, body })).status).toBe(200);
    }
    expect(seen.map((request) => [request.url, request.body.toString()])).toEqual([
      [MULTIMODAL, body],
      [`${MULTIMODAL}/`, body],
    ]);
  });

  it('headers of the connection stay behind, those that Connection names included; the others go', async () => {
    const { origin, seen } = await startRecorded();
    const headers = {
      connection: 'close, X-Mine',
      'x-mine': 'for the next hop only',
      'keep-alive': 'timeout=5',
      'proxy-authorization': 'Basic c2VjcmV0',
      te: 'trailers',
      'x-dashscope-workspace': 'ws-1',
      'accept-language': 'zh-CN, en;q=0.5',
      'accept-encoding': 'br, gzip',
      'user-agent': 'dashscope/1.26.2',
    };
    await send(origin, { path: '/api/v1/any', headers });
    const { headers: got = {} } = seen[0] ?? {};
    expect(got).toMatchObject({
      'x-dashscope-workspace': 'ws-1',
      'accept-language': 'zh-CN, en;q=0.5',
      'accept-encoding': 'br, gzip',
      'user-agent': 'dashscope/1.26.2',
      authorization: 'Bearer sk-test-client',
    });
    for (const name of ['x-mine', 'keep-alive', 'proxy-authorization', 'te']) {
      expect(got, name).not.toHaveProperty(name);
    }
    expect(got.host).not.toBe(new URL(origin).host);
  });

  it.each([
    '/api/v1/files/../tasks',
    '/api/v1/files/%2e%2E/tasks',
    '/api/v1/files/./x',
    '/compatible-mode/..%2fapi/v1/tasks',
    '/compatible-mode/v1/..;/x',
    '/api/v1/files/..',
    '/api/v1/files\\..\\x',
  ])('%s, which upstream might read as another path, is refused', async (path) => {
    const { origin, seen } = await startRecorded();
    const { status, body } = await send(origin, { path });
    expect(status).toBe(400);
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'InvalidParameter' });
    expect(seen).toEqual([]);
  });

  it('a path that leads out of the API is nobody’s', async () => {
    const { origin, seen } = await startRecorded();
    expect((await send(origin, { path: '/api/v1/../admin' })).status).toBe(400);
    expect(seen).toEqual([]);
  });

  it.each([429, 500, 502, 503, 504])('a %i is relayed after one attempt', async (status) => {
    const { origin, seen } = await startRecorded((outgoing) => {
      outgoing.writeHead(status, { 'retry-after': '1', 'content-type': 'text/html' }).end('<p>busy</p>');
    });
    const answer = await send(origin, { method: 'POST', path: '/compatible-mode/v1/chat/completions' });
    expect(answer).toMatchObject({ status, body: Buffer.from('<p>busy</p>') });
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'content-type': 'text/html' });
    expect(seen).toHaveLength(1);
  });
});

describe('what comes back', () => {
  it.each([200, 201, 202, 203, 206, 301, 302, 303, 307, 308, 400, 404, 418, 451])(
    'a %i comes with its body and type, and is not followed',
    async (status) => {
      const { origin, seen } = await startRecorded((outgoing) => {
        outgoing.writeHead(status, { location: '/elsewhere', 'content-type': 'x/y' }).end('as it is');
      });
      const answer = await send(origin, { path: '/api/v1/any' });
      expect(answer).toMatchObject({ status, body: Buffer.from('as it is') });
      expect(answer.headers).toMatchObject({ location: '/elsewhere', 'content-type': 'x/y' });
      expect(seen).toHaveLength(1);
    },
  );

  it.each([204, 205, 304])('a %i has no body', async (status) => {
    const { origin } = await startRecorded((outgoing) => outgoing.writeHead(status, { etag: '"a"' }).end());
    const answer = await send(origin, { path: '/api/v1/any' });
    expect(answer).toMatchObject({ status, body: Buffer.alloc(0), headers: { etag: '"a"' } });
  });

  it('a HEAD tells the length of what it does not bring', async () => {
    const { origin } = await startRecorded((outgoing) =>
      outgoing.writeHead(200, { 'content-length': '12345', 'content-type': 'text/plain' }).end(),
    );
    const { status, headers, body } = await send(origin, { method: 'HEAD', path: '/api/v1/any' });
    expect({ status, length: headers['content-length'], body: body.length }).toEqual({
      status: 200,
      length: '12345',
      body: 0,
    });
  });

  it('a gzipped answer is not unpacked', async () => {
    const packed = gzipSync('{"output":{}}');
    const { origin } = await startRecorded((outgoing) =>
      outgoing.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(packed),
    );
    const { headers, body } = await send(origin, { path: '/api/v1/any' });
    expect(headers['content-encoding']).toBe('gzip');
    expect(body.equals(packed)).toBe(true);
  });

  it('several cookies stay several, and headers of the connection stay behind', async () => {
    const { origin } = await startRecorded((outgoing) => {
      outgoing.setHeader('set-cookie', ['a=1; Path=/', 'b=2; HttpOnly']);
      outgoing.setHeader('connection', 'x-hop');
      outgoing.setHeader('x-hop', 'mine');
      outgoing.setHeader('proxy-authenticate', 'Basic');
      outgoing.setHeader('x-request-id', 'kept');
      outgoing.end();
    });
    const { headers } = await send(origin, { path: '/api/v1/any' });
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; HttpOnly']);
    expect(headers['x-request-id']).toBe('kept');
    for (const name of ['x-hop', 'proxy-authenticate']) expect(headers).not.toHaveProperty(name);
  });

  it('a header given twice comes with both values, and brings no content-type along', async () => {
    const { origin } = await startRecorded((outgoing) => {
      outgoing.setHeader('vary', ['Origin', 'Accept-Encoding']);
      outgoing.end('no type');
    });
    const { headers } = await send(origin, { path: '/api/v1/any' });
    expect(headers.vary).toBe('Origin, Accept-Encoding');
    expect(headers).not.toHaveProperty('content-type');
  });

  it("the vendor's 401 comes out byte for byte, without a content-type", async () => {
    const body = '{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"r-1"}';
    const head = `HTTP/1.1 401 Unauthorized\r\nx-request-id: r-1\r\nserver: istio-envoy\r\ncontent-length: ${body.length}\r\n\r\n`;
    const upstream = await startTcpServer((socket) => socket.once('data', () => socket.write(head + body)));
    const { origin } = await startProxy(upstream.origin);
    const requests = [
      'GET /api/v1/tasks HTTP/1.1\r\n',
      `POST ${MULTIMODAL} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 58\r\n`,
    ];
    const image = '{"model":"qwen-image-max","input":{"messages":[]},"p":"x"}';
    for (const [index, request] of requests.entries()) {
      const text = `${request}host: ${new URL(origin).host}\r\nauthorization: Bearer sk-bad\r\nconnection: close\r\n\r\n`;
      const answer = await exchangeBytes(origin, text + (index === 1 ? image : ''));
      expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
      expect(answer.slice(answer.indexOf('\r\n\r\n') + 4)).toBe(body);
      expect(answer).toContain('x-request-id: r-1\r\n');
      expect(answer.toLowerCase()).not.toContain('content-type');
    }
  });

  it('an upstream that nobody answers for is a 502 in the vendor’s shape', async () => {
    const { origin } = await startProxy('http://127.0.0.1:1');
    const { status, body } = await send(origin, { path: '/api/v1/any' });
    expect(status).toBe(502);
    expect(JSON.parse(body.toString())).toEqual({
      code: 'UpstreamUnreachable',
      message: expect.any(String),
      request_id: expect.any(String),
    });
  });
});
