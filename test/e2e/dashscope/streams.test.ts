import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { watchArrivals } from '../../support/clients/arrivals.ts';
import { interleaved, itemsOf, openStream, readStrictly } from '../../support/clients/streams.ts';
import { fixture, replay, textAt } from '../../support/data/fixtures.ts';
import { countEntries, readPurchases, writeRows } from '../../support/data/rows.ts';
import { png } from '../../support/data/sample-images.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { startServer } from '../../support/servers/http-server.ts';
import { startProxy } from '../../support/servers/proxy.ts';
import { body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { isDurable, SMALL, startStack } from '../../support/servers/start-stack.ts';

const CONTENT_TYPE = 'text/event-stream;charset=UTF-8';

/** The published stream, whose picture is to be had at this address. */
const published = (picture: string) =>
  textAt(fixture('22'), 'response.body_raw').replace(/"image":"[^"]*"/, `"image":"${picture}"`);

/** An upstream that answers every generation as told, with a picture beside it. */
async function startUpstream(onGenerate: (outgoing: ServerResponse, stream: string, sse: boolean) => void) {
  let asked = 0;
  const { origin } = await startServer((incoming, outgoing) => {
    incoming.resume();
    if (incoming.method === 'GET') {
      outgoing.end(png(640, 480));
      return;
    }
    asked += 1;
    incoming.once('end', () => {
      onGenerate(outgoing, published(`${origin}/1.png`), incoming.headers['x-dashscope-sse'] === 'enable');
    });
  });
  return { origin, stream: published(`${origin}/1.png`), asked: () => asked };
}

function head(outgoing: ServerResponse): ServerResponse {
  return outgoing.writeHead(200, { 'content-type': CONTENT_TYPE, 'x-request-id': 'upstream-1' });
}

/** Lets every flight land, and starts anew on what was stored. */
async function land(stack: Stack): Promise<void> {
  await stack.stopServer();
  await stack.startServer();
}

/** What a client has of a stream when it ends, whole or broken off. */
async function readToEnd(response: Response): Promise<{ text: string; broken: boolean }> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const part of response.body ?? []) text += decoder.decode(part, { stream: true });
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}

/** Reads until so many events have come. */
async function readEvents(reader: ReadableStreamDefaultReader<Uint8Array>, count: number): Promise<string> {
  let text = '';
  while (text.split('\n\n').length <= count) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream ended after ${text}`);
    text += new TextDecoder().decode(value);
  }
  return text;
}

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (response.body === null) throw new Error('no body');
  return response.body.getReader();
}

describe('a stream that is bought', () => {
  it('22: comes byte for byte as upstream sends it, is stored, and a hit replays it', async () => {
    const upstream = await startUpstream((outgoing, stream) => head(outgoing).end(stream));
    const proxy = await startProxy(upstream.origin);
    const live = await replay(proxy.origin, '22');
    expect(live.status).toBe(200);
    expect(Object.fromEntries(live.headers)).toMatchObject({
      'content-type': CONTENT_TYPE,
      'x-cache': 'MISS',
      'x-request-id': 'upstream-1',
      'x-accel-buffering': 'no',
    });
    expect(live.headers.get('cache-status')).toMatch(/^dashcache; fwd=miss; key="[^"]+"; detail=live$/);
    expect(await live.text()).toBe(upstream.stream);
    await land(proxy);
    const hit = await replay(proxy.origin, '22');
    expect(Object.fromEntries(hit.headers)).toMatchObject({
      'content-type': CONTENT_TYPE,
      'x-cache': 'HIT',
      age: expect.stringMatching(/^\d+$/),
      'x-dashcache-upstream-request-id': '0a1b2c3d-1111-9222-8333-445566778816',
    });
    const events = readStrictly(await hit.text());
    const [sentence, picture] = itemsOf(events);
    expect(sentence).toEqual({ text: 'Step 1: rinse the rice. ' });
    expect(picture?.image).toMatch(new RegExp(`^${proxy.origin}/blobs/[0-9a-f]{64}\\.png$`));
    expect(Buffer.from(await bytesAt(picture?.image ?? '')).equals(png(640, 480))).toBe(true);
    const ids = new Set(events.map(({ data }) => data.request_id));
    expect([...ids]).toEqual([hit.headers.get('x-request-id')]);
    expect(ids.has('0a1b2c3d-1111-9222-8333-445566778816')).toBe(false);
    expect(events.at(-1)?.data.output).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      finished: true,
    });
    expect(upstream.asked()).toBe(1);
  });

  it('an event is with the client before upstream sends the next, in the chunks of upstream', async () => {
    const seen = [createGate(), createGate(), createGate()];
    const upstream = await startUpstream(async (outgoing, stream) => {
      head(outgoing);
      for (const [index, frame] of stream.split(/(?<=\n\n)/).entries()) {
        // Half an event is passed on, too.
        outgoing.write(frame.slice(0, 20));
        await seen[index]?.opened;
        outgoing.write(frame.slice(20));
      }
      outgoing.end();
    });
    const proxy = await startProxy(upstream.origin);
    const response = await openStream(proxy.origin, interleaved('step by step'));
    let text = '';
    const ends = upstream.stream
      .split(/(?<=\n\n)/)
      .map((_, index, frames) => frames.slice(0, index).join('').length + 20);
    for await (const part of response.body ?? []) {
      text += new TextDecoder().decode(part);
      const at = ends.indexOf(text.length);
      if (at >= 0) seen[at]?.open();
    }
    expect(text).toBe(upstream.stream);
  });

  it("is asked for as the SDKs ask, whatever the client's spelling of the header", async () => {
    const stack = await startStack();
    const response = await openStream(stack.origin, interleaved('spelling'), { 'x-dashscope-sse': 'Enable' });
    expect(readStrictly(await response.text()).length).toBeGreaterThan(2);
    const [sent] = stack.simulator.control.recent('generation');
    expect(sent?.headers).toMatchObject({
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      'x-dashscope-sse': 'enable',
    });
    for (const name of ['x-dashscope-uid', 'x-dashscope-apikeyid', 'set-cookie', 'req-cost-time'])
      expect(response.headers.has(name), name).toBe(false);
  });

  it('serves later requests without a stream', async () => {
    const stack = await startStack();
    const live = readStrictly(await (await openStream(stack.origin, interleaved('both ways', 2))).text());
    await land(stack);
    const { stream: _, ...unstreamed } = interleaved('both ways', 2).parameters;
    const hit = await stack.generate({ ...interleaved('both ways', 2), parameters: unstreamed });
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(hit.headers.get('content-type')).toBe('application/json');
    expect(isDurable(stack, hit)).toBe(true);
    const { output, usage } = hit.json;
    expect(output).toMatchObject({ finished: true, choices: [{ finish_reason: 'stop' }] });
    expect(output.choices[0].message.content.map(({ text }: { text?: string }) => text)).toEqual(
      itemsOf(live).map(({ text }) => text),
    );
    expect(usage).toEqual(live.at(-1)?.data.usage);
    expect(stack.asked).toBe(1);
    const replayed = await openStream(stack.origin, interleaved('both ways', 2));
    expect(
      itemsOf(readStrictly(await replayed.text()))
        .map(({ image }) => image)
        .filter(Boolean),
    ).toEqual(imageUrls(hit));
  });

  it('that repeats itself, as it was asked to, is stored with each text once', async () => {
    const upstream = await startUpstream((outgoing, stream) => {
      const told: string[] = [];
      const repeated = stream.replace(/"content":\[(.*?)\]/g, (_, item: string) => {
        if (item !== '') told.push(item);
        return `"content":[${told.join(',')}]`;
      });
      const texts = '{"type":"text","text":"Step 1: rinse "},{"type":"text","text":"the rice. "}';
      head(outgoing).end(repeated.replaceAll(texts, '{"type":"text","text":"Step 1: rinse the rice. "}'));
    });
    const proxy = await startProxy(upstream.origin);
    const recipe = interleaved('again and again', 1, { incremental_output: false });
    await (await openStream(proxy.origin, recipe)).text();
    await land(proxy);
    const items = itemsOf(readStrictly(await (await openStream(proxy.origin, recipe)).text()));
    expect(items).toEqual([
      { text: 'Step 1: rinse the rice. ' },
      { image: expect.stringContaining(`${proxy.origin}/blobs/`) },
    ]);
    expect(upstream.asked()).toBe(1);
  });

  it('tells the client who left nothing, but keeps the picture', async () => {
    const stack = await startStack();
    const held = stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'hold', at: 'body', after: 1 },
    });
    const leaving = new AbortController();
    const response = await openStream(stack.origin, interleaved('left alone'), {}, leaving.signal);
    await readEvents(readerOf(response), 1);
    leaving.abort();
    held.release();
    await land(stack);
    expect(readPurchases(stack)).toEqual([{ state: 'stored', status: 200 }]);
    const hit = await openStream(stack.origin, interleaved('left alone'));
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(stack.events.filter(({ type }) => type === 'failure')).toEqual([]);
  });

  it('is not held up by a client that does not read', async () => {
    const upstream = await startUpstream((outgoing, stream) => {
      head(outgoing).write(`:${'x'.repeat(12 * 1024 * 1024)}\n\n`);
      outgoing.end(stream);
    });
    const proxy = await startProxy(upstream.origin);
    const response = await openStream(proxy.origin, interleaved('unread'));
    const joined = await proxy.generate(interleaved('unread'));
    expect(isDurable(proxy, joined)).toBe(true);
    expect(upstream.asked()).toBe(1);
    await response.body?.cancel();
  });

  it('with no-store leaves nothing behind', async () => {
    const stack = await startStack();
    const response = await openStream(stack.origin, interleaved('private'), { 'cache-control': 'no-store' });
    expect(response.headers.get('cache-status')).toMatch(/^dashcache; fwd=bypass; /);
    const [, picture] = itemsOf(readStrictly(await response.text()));
    expect(picture?.image).toContain(stack.simulator.origin);
    await land(stack);
    expect(countEntries(stack)).toBe(0);
    expect(readPurchases(stack)).toEqual([{ state: 'unstored', status: 200 }]);
  });

  it('proves the key that bought it', async () => {
    const stack = await startStack({ DASHCACHE_AUTH: 'passthrough' });
    await (await openStream(stack.origin, interleaved('proof'))).text();
    await land(stack);
    expect((await openStream(stack.origin, interleaved('proof'))).headers.get('x-cache')).toBe('HIT');
    expect(stack.simulator.control.counters()).toMatchObject({ asked: 1, tasks: 0 });
  });

  it('whose pictures were still being fetched when the process ended is stored at the next start', async () => {
    const stack = await startStack({ DASHCACHE_DRAIN_TIMEOUT: '100ms' });
    const held = stack.simulator.control.fault({ on: 'image', effect: { kind: 'hold' } });
    await (await openStream(stack.origin, interleaved('interrupted'))).text();
    await held.waitForHit();
    await stack.stopServer();
    expect(readPurchases(stack)).toEqual([{ state: 'answered', status: 200 }]);
    held.cancel();
    await stack.startServer();
    const response = await openStream(stack.origin, interleaved('interrupted'));
    const [sentence, picture] = itemsOf(readStrictly(await response.text()));
    expect(sentence?.text).toBe('Step 1: look at the picture. ');
    expect(picture?.image).toContain(`${stack.origin}/blobs/`);
    expect(stack.asked).toBe(1);
  });
});

describe('a stream that fails', () => {
  it.each([400, 429])(
    '38: an error in its first event comes as it is, asked for once, status %i',
    async (status) => {
      const raw = textAt(fixture('38'), 'response.body_raw').replace('STATUS/400', `STATUS/${status}`);
      const upstream = await startUpstream((outgoing) => head(outgoing).end(raw));
      const proxy = await startProxy(upstream.origin);
      const response = await replay(proxy.origin, '38');
      expect(response.headers.get('content-type')).toBe(CONTENT_TYPE);
      expect(await response.text()).toBe(raw);
      await land(proxy);
      expect(readPurchases(proxy)).toEqual([{ state: 'refused', status }]);
      expect(upstream.asked()).toBe(1);
    },
  );

  it('an error in the middle comes as it is; nothing is stored', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'fail', code: 'DataInspectionFailed', after: 2 },
    });
    const events = readStrictly(await (await openStream(stack.origin, interleaved('cut short'))).text());
    expect(events.map(({ event }) => event)).toEqual(['result', 'result', 'error']);
    await land(stack);
    expect(readPurchases(stack)).toMatchObject([{ state: 'refused', status: 400 }]);
    expect(countEntries(stack)).toBe(0);
    const again = await openStream(stack.origin, interleaved('cut short'));
    expect(again.headers.get('x-cache')).toBe('MISS');
    await again.text();
  });

  it('an error behind a picture comes as it is; what became of the money is not known', async () => {
    const raw = textAt(fixture('38'), 'response.body_raw');
    const upstream = await startUpstream((outgoing, stream) => {
      head(outgoing).end(stream.slice(0, stream.indexOf('id:4')) + raw);
    });
    const proxy = await startProxy(upstream.origin);
    const events = readStrictly(await (await replay(proxy.origin, '22')).text());
    expect(events.map(({ event }) => event)).toEqual(['result', 'result', 'result', 'error']);
    await land(proxy);
    expect(readPurchases(proxy)).toEqual([{ state: 'unknown', status: null }]);
    expect([countEntries(proxy), upstream.asked()]).toEqual([0, 1]);
  });

  it('one that upstream breaks off is broken off for the client, and its outcome is unknown', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'cut', after: 2 } });
    const { text, broken } = await readToEnd(await openStream(stack.origin, interleaved('broken')));
    expect(broken).toBe(true);
    expect(text.match(/\n\n/g)).toHaveLength(2);
    expect(text).toMatch(/\n\nid:3\nevent:result\n/);
    await land(stack);
    expect(readPurchases(stack)).toEqual([{ state: 'unknown', status: null }]);
    expect(countEntries(stack)).toBe(0);
    expect(stack.asked).toBe(1);
  });

  it('one that merely ends before its last event is not stored either', async () => {
    const upstream = await startUpstream((outgoing, stream) => {
      head(outgoing).end(stream.slice(0, stream.indexOf('id:4')));
    });
    const proxy = await startProxy(upstream.origin);
    expect(readStrictly(await (await replay(proxy.origin, '22')).text())).toHaveLength(3);
    await land(proxy);
    expect(readPurchases(proxy)).toEqual([{ state: 'unknown', status: null }]);
  });

  it('one that is broken off behind its last event is whole', async () => {
    const upstream = await startUpstream((outgoing, stream) => {
      head(outgoing).write(stream, () => outgoing.destroy());
    });
    const proxy = await startProxy(upstream.origin);
    expect((await readToEnd(await replay(proxy.origin, '22'))).text).toBe(upstream.stream);
    await land(proxy);
    expect(readPurchases(proxy)).toEqual([{ state: 'stored', status: 200 }]);
  });

  it('one without a picture is not stored', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'answer', answer: 'text_only' } });
    const events = readStrictly(await (await openStream(stack.origin, interleaved('no picture'))).text());
    expect(events.at(-1)?.data.output.finished).toBe(true);
    await land(stack);
    expect(readPurchases(stack)).toEqual([{ state: 'failed', status: 200 }]);
  });

  it('one whose picture is gone leaves the client with what it has', async () => {
    const stack = await startStack({ DASHCACHE_DOWNLOAD_TIMEOUT: '100ms' });
    stack.simulator.control.fault({ on: 'image', effect: { kind: 'refuse', status: 404 }, times: 100 });
    const events = readStrictly(await (await openStream(stack.origin, interleaved('gone'))).text());
    expect(events.at(-1)?.data.output.finished).toBe(true);
    await land(stack);
    expect(readPurchases(stack)).toEqual([{ state: 'unstored', status: 200 }]);
  });

  it("what the gateway refuses is plain JSON with upstream's status; a 429 is tried again before", async () => {
    const stack = await startStack();
    const refused = await openStream(stack.origin, interleaved('stranger'), {
      authorization: 'Bearer sk-invalid',
    });
    expect([refused.status, (await refused.text()).includes('InvalidApiKey')]).toEqual([401, true]);
    stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'refuse', status: 429, retryAfter: '0' },
    });
    const retried = await openStream(stack.origin, interleaved('stranger'));
    expect(readStrictly(await retried.text()).length).toBeGreaterThan(2);
    expect(stack.asked).toBe(3);
  });
});

describe('requests that come meanwhile', () => {
  it('get what the stream bought, as events or as one answer', async () => {
    const stack = await startStack();
    const arrivals = watchArrivals(stack);
    const held = stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'hold', at: 'body', after: 2 },
    });
    const live = await openStream(stack.origin, interleaved('together'));
    const reader = readerOf(live);
    await readEvents(reader, 2);
    const joining = [
      stack.generate(interleaved('together')),
      stack.generate(interleaved('together'), { 'x-dashscope-sse': 'enable' }),
    ];
    await arrivals.waitFor(3);
    held.release();
    const [whole, streamed] = await Promise.all(joining);
    if (whole === undefined || streamed === undefined) throw new Error('unanswered');
    expect([whole, streamed].map(({ headers }) => headers.get('x-cache'))).toEqual([
      'COALESCED',
      'COALESCED',
    ]);
    expect(isDurable(stack, whole)).toBe(true);
    const items = itemsOf(readStrictly(streamed.text));
    expect(items.map(({ image }) => image).filter(Boolean)).toEqual(imageUrls(whole));
    expect(stack.asked).toBe(1);
    await reader.cancel();
  });

  it('one for a stream gets what is bought without one', async () => {
    const stack = await startStack();
    const arrivals = watchArrivals(stack);
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const leading = stack.generate(body('sync first', SMALL));
    await held.waitForHit();
    const joining = openStream(stack.origin, body('sync first', SMALL));
    await arrivals.waitFor(2);
    held.release();
    const streamed = await joining;
    expect(streamed.headers.get('x-cache')).toBe('COALESCED');
    const items = itemsOf(readStrictly(await streamed.text()));
    expect(items).toEqual(imageUrls(await leading).map((image) => ({ image })));
    expect(stack.asked).toBe(1);
  });

  it("learn of the stream's error with its own status", async () => {
    const mayFail = createGate();
    const raw = textAt(fixture('38'), 'response.body_raw');
    const upstream = await startUpstream(async (outgoing, stream) => {
      head(outgoing).write(stream.slice(0, stream.indexOf('id:2')));
      await mayFail.opened;
      outgoing.end(raw);
    });
    const proxy = await startProxy(upstream.origin);
    const arrivals = watchArrivals(proxy);
    const live = await openStream(proxy.origin, interleaved('doomed'));
    const joining = [
      proxy.generate(interleaved('doomed')),
      proxy.generate(interleaved('doomed'), { 'x-dashscope-sse': 'enable' }),
    ];
    await arrivals.waitFor(3);
    mayFail.open();
    for (const { status, json } of await Promise.all(joining)) {
      expect([status, json.code]).toEqual([400, 'InvalidParameter']);
    }
    await live.text();
    expect(upstream.asked()).toBe(1);
  });

  it('one for a stream asks by itself when the other was refused for not asking for one', async () => {
    const mayRefuse = createGate();
    const upstream = await startUpstream(async (outgoing, stream, sse) => {
      if (sse) {
        head(outgoing).end(stream);
        return;
      }
      await mayRefuse.opened;
      outgoing.writeHead(400, { 'content-type': 'application/json' }).end('{"code":"InvalidParameter"}');
    });
    const proxy = await startProxy(upstream.origin);
    const arrivals = watchArrivals(proxy);
    const leading = proxy.generate(interleaved('needs a stream'));
    await arrivals.waitFor(1);
    const joining = openStream(proxy.origin, interleaved('needs a stream'));
    await arrivals.waitFor(2);
    mayRefuse.open();
    expect((await leading).status).toBe(400);
    expect(await (await joining).text()).toBe(upstream.stream);
  });
});

describe('a stored answer', () => {
  it('that was bought without a stream is replayed as one', async () => {
    const stack = await startStack();
    const miss = await stack.generate(body('sync', SMALL));
    const repeated = await stack.generate(body('sync', SMALL));
    expect(repeated.headers.get('x-cache')).toBe('HIT');
    // The second one, too, which is the first one's repetition to the byte.
    for (let round = 0; round < 2; round += 1) {
      const hit = await openStream(stack.origin, body('sync', SMALL));
      expect(hit.headers.get('x-cache')).toBe('HIT');
      expect(itemsOf(readStrictly(await hit.text()))).toEqual(imageUrls(miss).map((image) => ({ image })));
    }
    expect(stack.asked).toBe(1);
  });

  it('is a stream even when upstream answered the request for one without', async () => {
    const stack = await startStack();
    const miss = await openStream(stack.origin, body('no stream there', SMALL));
    expect(miss.headers.get('x-cache')).toBe('MISS');
    expect(miss.headers.get('content-type')).toBe(CONTENT_TYPE);
    expect(itemsOf(readStrictly(await miss.text()))[0]?.image).toContain(`${stack.origin}/blobs/`);
  });

  it('is no stream for a client that only accepts one', async () => {
    const stack = await startStack();
    const answer = await stack.generate(body('accepts', SMALL), { accept: 'text/event-stream' });
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it('is a hit with no-cache, which the Java SDK sends with every stream; max-age=0 buys afresh', async () => {
    const stack = await startStack();
    const ask = (cacheControl: string) =>
      openStream(stack.origin, interleaved('java'), { 'cache-control': cacheControl });
    await (await ask('no-cache')).text();
    await stack.stopServer();
    writeRows(stack, 'update entries set created_at = created_at - 5000');
    await stack.startServer();
    expect((await ask('no-cache')).headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(1);
    const fresh = await ask('no-cache, max-age=0');
    expect(fresh.headers.get('cache-status')).toMatch(/^dashcache; fwd=stale; .*detail=live$/);
    await fresh.text();
    await land(stack);
    expect(stack.asked).toBe(2);
    expect(countEntries(stack)).toBe(2);
  });

  it('that is not there is 504 for only-if-cached, in plain JSON', async () => {
    const stack = await startStack();
    const answer = await openStream(stack.origin, interleaved('absent'), {
      'cache-control': 'only-if-cached',
    });
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ code: 'NotCached' });
  });
});
