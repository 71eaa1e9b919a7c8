import type { IncomingMessage, RequestListener } from 'node:http';
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
  expect((await stack.generate(body('cat'))).status).toBe(502);
  await closed.opened;
});
