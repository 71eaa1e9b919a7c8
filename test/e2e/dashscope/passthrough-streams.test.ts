import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { exchangeBytes, open, send } from '../../support/clients/http-client.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { startServer, startTcpServer } from '../../support/servers/http-server.ts';
import { startProxy, startStack } from '../../support/servers/proxy.ts';
import { MULTIMODAL } from '../../support/servers/stack.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'dashcache');
const CHUNKS = 1536;
/** What the sockets of two hops may hold on a generous machine; a copy in memory would be all of it. */
const BOUND = (CHUNKS * CHUNK.length) / 2;
const WHOLE_DIGEST = digestOf(CHUNKS);

function digestOf(chunks: number): string {
  const hash = createHash('sha256');
  for (let count = 0; count < chunks; count += 1) hash.update(CHUNK);
  return hash.digest('hex');
}

/** Resolves when a count has not changed while the server answered a hundred other requests. */
async function untilStalled(origin: string, count: () => number): Promise<void> {
  for (let rounds = 0; rounds < 10_000; rounds += 1) {
    const before = count();
    for (let ping = 0; ping < 100; ping += 1) await (await fetch(`${origin}/healthz`)).text();
    if (before > 0 && count() === before) return;
  }
  throw new Error('it never stalled');
}

const vision = JSON.stringify({
  model: 'qwen3-vl-plus',
  input: { messages: [{ role: 'user', content: [{ text: 'What is this?' }] }] },
});

describe('streams', () => {
  it('an event is there before upstream sends the next, framed as the gateway framed it', async () => {
    const frames = [1, 2].map((id) => `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:{"n":${id}}\n\n`);
    const received = createGate();
    const upstream = await startServer(async (incoming, outgoing) => {
      incoming.resume();
      outgoing.writeHead(200, { 'content-type': 'text/event-stream;charset=UTF-8' });
      outgoing.write(frames[0]);
      await received.opened;
      outgoing.end(frames[1]);
    });
    const { origin } = await startProxy(upstream.origin);
    const headers = { 'content-type': 'application/json', 'x-dashscope-sse': 'enable' };
    const answer = await open(origin, { method: 'POST', path: MULTIMODAL, headers, body: vision });
    expect(answer.headers['content-type']).toBe('text/event-stream;charset=UTF-8');
    let text = '';
    for await (const part of answer) {
      text += String(part);
      if (text === frames[0]) received.open();
    }
    expect(text).toBe(frames.join(''));
  });

  it('the head is there before the body begins', async () => {
    const seen = createGate();
    const upstream = await startServer(async (_, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      await seen.opened;
      outgoing.end('late');
    });
    const { origin } = await startProxy(upstream.origin);
    const answer = await open(origin, { path: '/compatible-mode/v1/any' });
    seen.open();
    let text = '';
    for await (const part of answer) text += String(part);
    expect(text).toBe('late');
  });

  it('a large upload waits for upstream to read it', async () => {
    const mayRead = createGate();
    const arrived = createGate<string>();
    const upstream = await startServer(async (incoming, outgoing) => {
      await mayRead.opened;
      const hash = createHash('sha256');
      for await (const chunk of incoming) hash.update(chunk);
      arrived.open(hash.digest('hex'));
      outgoing.end();
    });
    const { origin } = await startProxy(upstream.origin);
    const { hostname, port } = new URL(origin);
    const headers = { authorization: 'Bearer sk-test', 'content-length': CHUNKS * CHUNK.length };
    const outgoing = request({ hostname, port, method: 'PUT', path: '/api/v1/files', headers, agent: false });
    const answered = once(outgoing, 'response');
    let written = 0;
    const writing = (async () => {
      for (let count = 0; count < CHUNKS; count += 1) {
        if (!outgoing.write(CHUNK)) await once(outgoing, 'drain');
        written += CHUNK.length;
      }
      outgoing.end();
    })();
    await untilStalled(origin, () => written);
    expect(written).toBeLessThan(BOUND);
    mayRead.open();
    await writing;
    expect(await arrived.opened).toBe(WHOLE_DIGEST);
    const [answer] = await answered;
    expect(answer.statusCode).toBe(200);
    answer.resume();
  });

  it('a large download waits for the client to read it', async () => {
    let written = 0;
    const upstream = await startServer(async (_, outgoing) => {
      for (let count = 0; count < CHUNKS; count += 1) {
        if (!outgoing.write(CHUNK)) await once(outgoing, 'drain');
        written += CHUNK.length;
      }
      outgoing.end();
    });
    const { origin } = await startProxy(upstream.origin);
    const answer = await open(origin, { path: '/api/v1/files/file-1/content' });
    await untilStalled(origin, () => written);
    expect(written).toBeLessThan(BOUND);
    const hash = createHash('sha256');
    for await (const chunk of answer) hash.update(chunk);
    expect(hash.digest('hex')).toBe(WHOLE_DIGEST);
  });
});

describe('whoever leaves', () => {
  it.each([
    ['before the answer', { kind: 'hang' }],
    ['in the middle of it', { kind: 'hold', at: 'body' }],
  ] as const)("the client's leaving %s ends the call upstream", async (_, effect) => {
    const { origin, simulator } = await startStack();
    const fault = simulator.control.fault({ on: 'other', effect });
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json', 'x-dashscope-sse': 'enable' };
    const answer = open(
      origin,
      { method: 'POST', path: MULTIMODAL, headers, body: vision },
      leaving.signal,
    ).catch(() => undefined);
    await fault.waitForHit();
    const response = effect.kind === 'hold' ? await answer : undefined;
    response?.on('error', () => {});
    leaving.abort();
    await simulator.control.waitFor('aborted', 1);
    expect(simulator.control.counters().aborted).toBe(1);
  });

  it("the client's leaving in the middle of an upload ends the upload upstream", async () => {
    const began = createGate();
    const ended = createGate();
    const upstream = await startServer((incoming) => {
      incoming.on('data', () => began.open());
      incoming.on('error', () => ended.open());
    });
    const { origin } = await startProxy(upstream.origin);
    const { hostname, port } = new URL(origin);
    const headers = { authorization: 'Bearer sk-test' };
    const outgoing = request({ hostname, port, method: 'PUT', path: '/api/v1/files', headers, agent: false });
    outgoing.on('error', () => {});
    outgoing.write(CHUNK);
    await began.opened;
    outgoing.destroy();
    await ended.opened;
  });

  const heads = {
    'a chunked body': 'transfer-encoding: chunked\r\n\r\n9\r\nfirst par\r\n',
    'a body of declared length': 'content-length: 1000\r\n\r\nfirst par',
    'a body that should end the connection, under a chunk half sent':
      'transfer-encoding: chunked\r\n\r\n40\r\nfirst par',
  };
  for (const [what, head] of Object.entries(heads)) {
    for (const how of ['reset', 'end'] as const) {
      it(`upstream's ${how} within ${what} breaks the client's connection too`, async () => {
        const upstream = await startTcpServer((socket) =>
          socket.once('data', () => {
            socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${head}`, () => {
              if (how === 'reset') socket.resetAndDestroy();
              else socket.end();
            });
          }),
        );
        const { origin } = await startProxy(upstream.origin);
        await expect(send(origin, { path: '/api/v1/any' })).rejects.toThrow(/aborted|socket hang up|RESET/);
        const { host } = new URL(origin);
        const bytes = await exchangeBytes(
          origin,
          `GET /api/v1/any HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer sk-a\r\n\r\n`,
        );
        expect(bytes).not.toContain('0\r\n\r\n');
        expect(bytes).not.toMatch(/error/i);
      });
    }
  }

  it('a connection that upstream breaks before its answer is a 502, and is not tried again', async () => {
    let asked = 0;
    const upstream = await startTcpServer((socket) =>
      socket.once('data', () => {
        asked += 1;
        socket.resetAndDestroy();
      }),
    );
    const { origin } = await startProxy(upstream.origin);
    const { status, body } = await send(origin, { method: 'POST', path: '/api/v1/any', body: '{}' });
    expect([status, JSON.parse(body.toString()).code, asked]).toEqual([502, 'UpstreamUnreachable', 1]);
  });
});
