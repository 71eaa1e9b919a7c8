import { describe, expect, it } from 'vitest';
import { interleaved, itemsOf, openStream, readStrictly } from '../../support/clients/streams.ts';
import { fixture, textAt } from '../../support/data/fixtures.ts';
import { countEntries, readPurchases } from '../../support/data/rows.ts';
import { png } from '../../support/data/sample-images.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { startServer } from '../../support/servers/http-server.ts';
import { startProxy } from '../../support/servers/proxy.ts';
import { startStack } from '../../support/servers/start-stack.ts';

const published = textAt(fixture('22'), 'response.body_raw');
const HEAD = { 'content-type': 'text/event-stream;charset=UTF-8' };

/** An upstream that sends a stream as `send` does, and pictures. */
async function startUpstream(
  send: (write: (part: Uint8Array) => Promise<void>, stream: string) => Promise<void>,
) {
  const { origin } = await startServer((incoming, outgoing) => {
    incoming.resume();
    if (incoming.method === 'GET') {
      outgoing.end(png(640, 480));
      return;
    }
    outgoing.writeHead(200, HEAD);
    const write = (part: Uint8Array) => new Promise<void>((resolve) => outgoing.write(part, () => resolve()));
    const stream = published.replace(/"image":"[^"]*"/, `"image":"${origin}/1.png"`);
    void send(write, stream).then(() => outgoing.end());
  });
  return origin;
}

const SAID = 'Schritt 🍚: 淘米\u2028\n\nevent:error\ndata:{"code":"Injected"}\n\nid:9\u0085';

describe('a model that writes the signs of a stream', () => {
  it('begins no event by it, however the bytes are cut; live, stored and replayed the words are the same', async () => {
    const upstream = await startUpstream(async (write, stream) => {
      const told = stream.replace('"Step 1: rinse "', JSON.stringify(SAID));
      // One byte at a time: within a character, and between the line ends of an event.
      for (const byte of Buffer.from(told)) await write(Buffer.from([byte]));
    });
    const proxy = await startProxy(upstream);
    const live = await (await openStream(proxy.origin, interleaved('signs'))).text();
    expect(live).toContain(JSON.stringify(SAID));
    await proxy.stopServer();
    await proxy.startServer();
    const response = await openStream(proxy.origin, interleaved('signs'));
    expect(response.headers.get('x-cache')).toBe('HIT');
    const replayed = readStrictly(await response.text());
    expect(itemsOf(replayed)[0]).toEqual({ text: `${SAID}the rice. ` });
    expect(replayed.every(({ event }) => event === 'result')).toBe(true);
  });
});

describe('a stream that never ends', () => {
  it('is broken off at the time for a generation; what was whole by then is stored', async () => {
    const left = createGate();
    const upstream = await startUpstream(async (write, stream) => {
      await write(Buffer.from(stream));
      await left.opened;
    });
    const proxy = await startProxy(upstream, { DASHCACHE_GENERATION_TIMEOUT: '300ms' });
    const response = await openStream(proxy.origin, interleaved('endless'));
    await expect(response.text()).rejects.toThrow();
    left.open();
    await proxy.stopServer();
    expect(readPurchases(proxy)).toEqual([{ state: 'stored', status: 200 }]);
  });

  it('and never stops talking is broken off at the bound, its outcome unknown', async () => {
    const chatter = Buffer.from(`: ${'x'.repeat(1024 * 1024)}\n\n`);
    let ended = false;
    const upstream = await startUpstream(async (write, stream) => {
      await write(Buffer.from(stream.slice(0, stream.indexOf('id:2'))));
      for (let turn = 0; turn < 100 && !ended; turn += 1) await write(chatter);
    });
    const proxy = await startProxy(upstream);
    const response = await openStream(proxy.origin, interleaved('chatter'));
    await expect(response.text()).rejects.toThrow();
    ended = true;
    await proxy.stopServer();
    expect(readPurchases(proxy)).toEqual([{ state: 'unknown', status: null }]);
    expect(countEntries(proxy)).toBe(0);
  });
});

describe('clients that hang up', () => {
  it('before, at and behind each event leave no flight, no body and no turn behind', async () => {
    const stack = await startStack();
    const { bodies, images } = stack.server.services;
    const leaves: (() => void)[] = [];
    for (let events = 0; events <= 3; events += 1) {
      const held = stack.simulator.control.fault({
        on: 'generation',
        effect: events === 0 ? { kind: 'hold' } : { kind: 'hold', at: 'body', after: events },
      });
      const leaving = new AbortController();
      const opened = openStream(stack.origin, interleaved(`left ${events}`), {}, leaving.signal);
      await held.waitForHit();
      if (events > 0) await opened;
      leaving.abort();
      await opened.then((response) => response.text()).catch(() => undefined);
      leaves.push(() => held.release());
    }
    for (const leave of leaves) leave();
    await images.close();
    expect(images.flights).toBe(0);
    // What a request holds goes in the turns after its flight.
    await expect.poll(() => bodies.held).toBe(0);
    expect(readPurchases(stack).map(({ state }) => state)).toEqual(Array(4).fill('stored'));
    expect(stack.events.filter(({ type }) => type === 'failure')).toEqual([]);
  });
});
