import { describe, expect, it } from 'vitest';
import { png } from '../../support/data/sample-images.ts';
import { startServer } from '../../support/servers/http-server.ts';
import { startProxy } from '../../support/servers/proxy.ts';
import { body, imageUrls } from '../../support/servers/stack.ts';

const PICTURE = png(8, 8);

/** An upstream that draws at once and puts these fields beside its output. */
async function startUpstream(fields: object): Promise<string> {
  const { origin } = await startServer((request, response) => {
    if (request.method === 'GET') {
      response.end(PICTURE);
      return;
    }
    request.resume();
    const content = [{ image: `${origin}/picture.png` }];
    response.end(JSON.stringify({ ...fields, output: { choices: [{ message: { content } }] } }));
  });
  return origin;
}

describe("an upstream's request id", () => {
  it.each(['a\r\nX-Injected: 1', '请求', 'a\u0000b', ' ', 'x'.repeat(10_000)])(
    'that no header can hold costs nobody the picture: %j',
    async (requestId) => {
      const stack = await startProxy(await startUpstream({ request_id: requestId }));
      for (const result of ['MISS', 'HIT']) {
        const answer = await stack.generate(body('odd id'));
        expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, result]);
        expect(imageUrls(answer)).toHaveLength(1);
        expect(answer.headers.get('x-injected')).toBeNull();
        expect(answer.headers.get('x-dashcache-upstream-request-id')).toBeNull();
      }
    },
  );
});
