import type { IncomingMessage, RequestListener } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { png } from '../../support/data/sample-images.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { startServer, type TestServer } from '../../support/servers/http-server.ts';
import { startProxy } from '../../support/servers/proxy.ts';
import { body } from '../../support/servers/stack.ts';

/** An upstream that shows a picture at every GET, and answers generations as told. */
async function startOddUpstream(answer: RequestListener): Promise<TestServer> {
  return await startServer((incoming, outgoing) => {
    if (incoming.method === 'GET') outgoing.end(png(4, 4));
    else incoming.resume().once('end', () => answer(incoming, outgoing));
  });
}

const drawnAt = (incoming: IncomingMessage, requestId: string) =>
  JSON.stringify({
    request_id: requestId,
    output: { choices: [{ message: { content: [{ image: `http://${incoming.headers.host}/1.png` }] } }] },
  });

describe('a request id of upstream', () => {
  it.each(['图-1', 'a\r\nb', '', 'x'.repeat(40_000)])(
    'that can be no header (%#) keeps nobody from the picture',
    async (requestId) => {
      const upstream = await startOddUpstream((incoming, outgoing) =>
        outgoing.end(drawnAt(incoming, requestId)),
      );
      const stack = await startProxy(upstream.origin);
      for (const expected of ['MISS', 'HIT']) {
        const answer = await stack.generate(body('cat'));
        expect(answer.status).toBe(200);
        expect(answer.headers.get('x-cache')).toBe(expected);
        expect(answer.headers.has('x-dashcache-upstream-request-id')).toBe(false);
      }
    },
  );

  it('that can be one comes along', async () => {
    const upstream = await startOddUpstream((incoming, outgoing) => outgoing.end(drawnAt(incoming, 'id-1')));
    const stack = await startProxy(upstream.origin);
    const answer = await stack.generate(body('cat'));
    expect(answer.headers.get('x-dashcache-upstream-request-id')).toBe('id-1');
  });
});

it('an answer in an encoding that was not offered leaves no connection open', async () => {
  const closed = createGate();
  const upstream = await startOddUpstream((incoming, outgoing) => {
    incoming.socket.once('close', () => closed.open());
    outgoing.writeHead(200, { 'content-encoding': 'gzip' });
    // More than all buffers on the way take: it would never be sent to its end.
    outgoing.end(Buffer.alloc(32 * 1024 * 1024));
  });
  const stack = await startProxy(upstream.origin);
  expect((await stack.generate(body('cat'))).status).toBe(424);
  await closed.opened;
});

describe('a success in another way than usual', () => {
  const urlOf = (incoming: IncomingMessage) => `http://${incoming.headers.host}/1.png`;

  it.each([
    ['a list of URLs', (url: string) => ({ output: { render_urls: [url] } })],
    ['a field that nobody knows', (url: string) => ({ output: { result_picture_uri: url } })],
    ['a picture inside', () => ({ output: { images: [Buffer.from(png(4, 4)).toString('base64')] } })],
  ])('%s: bought once, then a hit with a URL of ours', async (_, answer) => {
    const upstream = await startOddUpstream((incoming, outgoing) =>
      outgoing.end(JSON.stringify(answer(urlOf(incoming)))),
    );
    const stack = await startProxy(upstream.origin);
    for (const expected of ['MISS', 'HIT']) {
      const got = await stack.generate(body('cat'));
      expect([got.status, got.headers.get('x-cache')]).toEqual([200, expected]);
      expect(got.text).toContain(`${stack.origin}/blobs/`);
    }
  });

  it.each([201, 202, 203])('status %i is a success', async (status) => {
    const upstream = await startOddUpstream((incoming, outgoing) =>
      outgoing.writeHead(status).end(drawnAt(incoming, 'r')),
    );
    const stack = await startProxy(upstream.origin);
    for (const expected of ['MISS', 'HIT'])
      expect((await stack.generate(body('cat'))).headers.get('x-cache')).toBe(expected);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('compressed with %s, picture and all', async (encoding, compress) => {
    const upstream = await startServer((incoming, outgoing) => {
      outgoing.setHeader('content-encoding', encoding);
      if (incoming.method === 'GET') outgoing.end(compress(png(4, 4)));
      else incoming.resume().once('end', () => outgoing.end(compress(drawnAt(incoming, 'r'))));
    });
    const stack = await startProxy(upstream.origin);
    for (const expected of ['MISS', 'HIT']) {
      const got = await stack.generate(body('cat'));
      expect([got.status, got.headers.get('x-cache')]).toEqual([200, expected]);
      expect(got.headers.get('content-encoding')).toBeNull();
    }
  });

  it('a task where none was asked for is followed', async () => {
    const upstream = await startServer((incoming, outgoing) => {
      if (incoming.url?.startsWith('/api/v1/tasks/')) {
        const { output } = JSON.parse(drawnAt(incoming, 'r'));
        outgoing.end(JSON.stringify({ output: { ...output, task_id: 't', task_status: 'SUCCEEDED' } }));
      } else if (incoming.method === 'GET') outgoing.end(png(4, 4));
      else {
        const answer = { output: { task_id: 't', task_status: 'PENDING' } };
        incoming.resume().once('end', () => outgoing.end(JSON.stringify(answer)));
      }
    });
    const stack = await startProxy(upstream.origin);
    for (const expected of ['MISS', 'HIT']) {
      const got = await stack.generate(body('cat'));
      expect([got.status, got.headers.get('x-cache')]).toEqual([200, expected]);
    }
  });

  it.each(['{"output":{"surprise":1}}', '<html></html>', '', 'null'])(
    'what is not understood is passed on as it came, and never said to hold no picture: %j',
    async (text) => {
      const upstream = await startOddUpstream((_, outgoing) => outgoing.end(text));
      const stack = await startProxy(upstream.origin);
      const got = await stack.generate(body('cat'));
      expect([got.status, got.text]).toEqual([200, text]);
      expect(got.headers.get('cache-status')).toContain('detail="not understood"');
    },
  );
});
