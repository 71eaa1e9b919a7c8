import { describe, expect, it } from 'vitest';
import type { FaultEffect } from '../../../src/simulator/faults/fault.ts';
import type { FaultTarget } from '../../../src/simulator/faults/fault-target.ts';
import { field } from '../../simulator/support.ts';
import { pictureStart, uploadFile } from '../../simulator/upload-support.ts';
import { fixture, replay, serveReference, shapeOf, textAt } from '../../support/data/fixtures.ts';
import { png } from '../../support/data/sample-images.ts';
import { startServer } from '../../support/servers/http-server.ts';
import { startProxy, startStack } from '../../support/servers/proxy.ts';
import { bytesAt } from '../../support/servers/stack.ts';

const BLOB_URL = /^http:\/\/127\.0\.0\.1:\d+\/blobs\/[0-9a-f]{64}\.png$/;
const ONE_ATTEMPT = { DASHCACHE_ATTEMPTS_429: '1', DASHCACHE_ATTEMPTS_5XX: '1' };

const imagesIn = (text: string) => [...text.matchAll(/"image":"([^"]+)"/g)].map(([, url = '']) => url);

/** What is compared of an answer: its request id stands in the header too, and is another one each time. */
async function read(response: Response) {
  const text = await response.text();
  const requestId = response.headers.get('x-request-id') ?? 'none';
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: text.replaceAll(requestId, 'REQUEST-ID'),
    requestId,
  };
}

describe('the published exchanges through the proxy', () => {
  it.each(['01', '02', '03', '04', '05', '06', '07', '08'])('success %s', async (number) => {
    const stack = await startStack({ env: { DASHCACHE_REFERENCE_ALLOW: '127.0.0.1' } });
    const picture = await serveReference(png(600, 400));
    // The fixture's own data URI holds no more than the signature of a PNG.
    const inline = `data:image/png;base64,${Buffer.from(png(512, 512)).toString('base64')}`;
    const { model } = Object(field(fixture(number), 'request.body'));
    const upload = await uploadFile(stack.simulator.origin, {
      model,
      key: 'sk-EXAMPLE',
      bytes: pictureStart,
    });
    const change = (body: string) =>
      body
        .replace('https://assets.example.com/refs/armchair.png', picture)
        .replace(/data:image\/png;base64,[^"]*/, inline)
        .replace(/oss:\/\/[^"]+/, upload.name);
    const direct = await read(await replay(stack.simulator.origin, number, change));
    const response = await replay(stack.origin, number, change);
    expect(response.headers.get('x-cache')).toBe('MISS');
    for (const name of ['x-dashscope-uid', 'x-dashscope-apikeyid', 'set-cookie', 'req-cost-time'])
      expect(response.headers.has(name), name).toBe(false);
    const miss = await read(response);
    expect([miss.status, miss.type]).toEqual([direct.status, direct.type]);
    const body: unknown = JSON.parse(miss.text);
    expect(shapeOf(body)).toEqual(shapeOf(JSON.parse(direct.text)));
    expect(shapeOf(body)).toEqual(shapeOf(field(fixture(number), 'response.body')));
    expect(field(body, 'request_id')).toBe('REQUEST-ID');

    const urls = imagesIn(miss.text);
    expect(urls).toHaveLength(imagesIn(direct.text).length);
    for (const url of urls) expect(url).toMatch(BLOB_URL);

    const again = await replay(stack.origin, number, change);
    expect(again.headers.get('x-cache')).toBe('HIT');
    const hit = await read(again);
    expect(hit).toEqual({ ...miss, requestId: hit.requestId });
    expect(hit.requestId).not.toBe(miss.requestId);
  });

  const refusals: [number: string, on: FaultTarget, effect: FaultEffect | undefined][] = [
    ['26', 'generation', undefined],
    ['27', 'generation', undefined],
    ['28', 'generation', undefined],
    ...['29', '30', '33', '34', '35'].map((number): [string, FaultTarget, FaultEffect] => [
      number,
      'generation',
      { kind: 'refuse', code: textAt(fixture(number), 'response.body.code') },
    ]),
    ['32', 'generation', undefined],
    ['36', 'tasks', { kind: 'refuse', code: 'ModelServingError' }],
    ['37', 'generation', { kind: 'answer', answer: 'refused' }],
  ];
  it.each(refusals)('refusal %s comes as upstream worded it', async (number, on, effect) => {
    const stack = await startStack({ env: ONE_ATTEMPT });
    if (effect !== undefined) stack.simulator.control.fault({ on, effect, times: 2 });
    const direct = await read(await replay(stack.simulator.origin, number));
    const proxied = await read(await replay(stack.origin, number));
    expect(proxied).toEqual({ ...direct, requestId: proxied.requestId });
    expect(proxied.status).toBe(field(fixture(number), 'response.status'));
    expect(JSON.parse(proxied.text)).toEqual({
      ...Object(field(fixture(number), 'response.body')),
      request_id: 'REQUEST-ID',
    });
    expect(await stack.server.services.purchases.counts()).toMatchObject({ stored: 0, sent: 0 });
  });

  it('31: whoever waits where the vendor has only tasks is answered with the picture', async () => {
    const stack = await startStack({ env: ONE_ATTEMPT });
    expect((await replay(stack.simulator.origin, '31')).status).toBe(403);
    const answer = await replay(stack.origin, '31');
    expect([answer.status, (await answer.json()).output.results[0].url]).toEqual([
      200,
      expect.stringMatching(BLOB_URL),
    ]);
  });

  it('38: an error on a stream', async () => {
    const raw = textAt(fixture('38'), 'response.body_raw');
    const upstream = await startServer((_, outgoing) =>
      outgoing.writeHead(200, { 'content-type': 'text/event-stream;charset=UTF-8' }).end(raw),
    );
    const { origin } = await startProxy(upstream.origin);
    const response = await replay(origin, '38');
    expect(response.headers.get('content-type')).toBe('text/event-stream;charset=UTF-8');
    expect(response.headers.get('cache-status')).toContain('detail=live');
    expect(await response.text()).toBe(raw);
  });

  it('39 and 40: the picture is the one that upstream had, and outlives its URL', async () => {
    const stack = await startStack();
    const [source = ''] = imagesIn(await (await replay(stack.simulator.origin, '01')).text());
    const expected = Buffer.from(await bytesAt(source));
    const [url = ''] = imagesIn(await (await replay(stack.origin, '01')).text());
    stack.aheadMs = 8 * 24 * 60 * 60 * 1000;
    expect((await fetch(source)).status).toBe(403);
    const picture = await fetch(url);
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect(expected.equals(Buffer.from(await picture.arrayBuffer()))).toBe(true);
  });
});
