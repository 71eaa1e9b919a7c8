import { describe, expect, it, onTestFinished } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { createUndiciTransport } from '../../../src/adapters/undici/transport.ts';
import { AppError } from '../../../src/core/errors.ts';
import { TransportError } from '../../../src/ports/transport.ts';
import { BlobStore } from '../../../src/services/blobs/blob-store.ts';
import { Downloader } from '../../../src/services/blobs/downloader.ts';
import { png } from '../../support/data/sample-images.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';
import { type Reply, response, ScriptedTransport } from '../../support/fakes/scripted-transport.ts';
import { startServer } from '../../support/servers/http-server.ts';
import { watchDriver } from '../../support/servers/store-bench.ts';

const PICTURE = png(24, 17);
const URL_OF_PICTURE = 'https://results.example/a/b.png?Expires=1&Signature=x%2B';

/** A downloader whose replies are these in turn, the last one for ever. */
function start(...replies: readonly Reply[]) {
  const clock = new ManualClock();
  const faults = new Faults();
  const memory = new MemoryBlobDriver(clock);
  const transport = new ScriptedTransport((request) => {
    const reply = replies[Math.min(transport.requests.length, replies.length) - 1];
    if (reply === undefined) throw new Error('no reply is written');
    return reply(request);
  });
  const blobs = new BlobStore({
    driver: watchDriver(faults, memory),
    hasher: nativeHasher,
    probe: imageProbe,
    clock,
  });
  const downloader = new Downloader({ transport, blobs, clock }, { maxBytes: 10_000, budgetMs: 30_000 });
  return { clock, faults, memory, transport, downloader };
}

const good: Reply = () => response(200, PICTURE);
const broken: Reply = () => Promise.reject(new TransportError('reset', true));

describe('a download', () => {
  it('asks for the URL as it is, for identity, without a credential', async () => {
    const { downloader, transport, clock } = start(good);
    const staged = await downloader.download(URL_OF_PICTURE);
    expect(staged).toMatchObject({ size: PICTURE.length, width: 24, height: 17, mediaType: 'image/png' });
    expect(transport.requests).toMatchObject([
      { method: 'GET', origin: 'https://results.example', path: '/a/b.png?Expires=1&Signature=x%2B' },
    ]);
    const names = transport.requests[0]?.headers.map(([name]) => name);
    expect(names).toEqual(['accept', 'accept-encoding']);
    expect(clock.sleeping).toBe(0);
  });

  const faulty: [string, Reply][] = [
    ['a broken connection', broken],
    ['a 404 of a moment', () => response(404, 'NoSuchKey')],
    ['a 503', () => response(503)],
    ['fewer bytes than declared', () => response(200, PICTURE.subarray(0, -1), [], PICTURE.length)],
    ['more bytes than declared', () => response(200, PICTURE, [], PICTURE.length - 1)],
    ['a cut-off picture without a length', () => response(200, PICTURE.subarray(0, -20), [], false)],
    ['an HTML page', () => response(200, '<html>please log in</html>')],
    ['nothing', () => response(200)],
    ['compressed bytes', () => response(200, PICTURE, [['content-encoding', 'gzip']])],
    ['a redirect to nowhere', () => response(302, '', [['location', 'http://']])],
    ['a redirect to a file', () => response(302, '', [['location', 'file:///etc/passwd']])],
  ];
  it.each(faulty)('tries again after %s', async (_, reply) => {
    const { downloader, transport, clock, memory } = start(reply, reply, good);
    const staged = downloader.download(URL_OF_PICTURE);
    await clock.advance(10_000);
    expect((await staged).size).toBe(PICTURE.length);
    expect(transport.requests.length).toBe(3);
    expect(transport.openBodies).toBe(0);
    expect(memory.openStages).toBe(1);
  });

  it.each(faulty)('gives up on %s when its time is over', async (_, reply) => {
    const { downloader, transport, clock, memory } = start(reply);
    const failure = expect(downloader.download(URL_OF_PICTURE)).rejects.toMatchObject({
      code: 'upstream_invalid',
    });
    await clock.advance(29_999);
    const asked = transport.requests.length;
    expect(asked).toBeGreaterThan(6);
    expect(asked).toBeLessThan(20);
    await clock.advance(1);
    await failure;
    await clock.advance(60_000);
    expect(transport.requests.length).toBe(asked);
    expect({ open: transport.openBodies, stages: memory.openStages, timers: clock.sleeping }).toEqual({
      open: 0,
      stages: 0,
      timers: 0,
    });
  });

  it('ends a body that hangs when its time is over', async () => {
    const gate = createGate();
    const { downloader, clock, memory } = start(() => ({
      status: 200,
      headers: [],
      body: (async function* () {
        yield PICTURE.subarray(0, 50);
        await gate.opened;
      })(),
    }));
    const failure = expect(downloader.downloadOnce(URL_OF_PICTURE, 500)).rejects.toMatchObject({
      code: 'upstream_invalid',
    });
    await clock.advance(500);
    await failure;
    expect(memory.openStages).toBe(0);
    gate.open();
  });

  it.each(['storage_full', 'storage_failed'] as const)('does not try again after %s', async (code) => {
    const { downloader, transport, faults } = start(good);
    faults.fail('stage.write', new AppError(code, 'no'));
    await expect(downloader.download(URL_OF_PICTURE)).rejects.toMatchObject({ code });
    expect(transport.requests).toHaveLength(1);
    expect(transport.openBodies).toBe(0);
  });

  it.each(['ftp://results.example/x', 'data:image/png;base64,AAAA', 'file:///etc/passwd', 'oss://x/y', ''])(
    'does not wait for %j, which no time makes a result URL',
    async (url) => {
      const { downloader, transport } = start(good);
      await expect(downloader.download(url)).rejects.toMatchObject({ code: 'upstream_invalid' });
      expect(transport.requests).toEqual([]);
    },
  );
});

describe('redirects', () => {
  const to =
    (location: string): Reply =>
    () =>
      response(302, 'moved', [['location', location]]);

  it('are followed, relative ones too, three times', async () => {
    const { downloader, transport } = start(
      to('/second'),
      to('http://other.example/third'),
      to('?fourth'),
      good,
    );
    expect((await downloader.download(URL_OF_PICTURE)).size).toBe(PICTURE.length);
    expect(transport.requests.map(({ origin, path }) => origin + path)).toEqual([
      URL_OF_PICTURE,
      'https://results.example/second',
      'http://other.example/third',
      'http://other.example/third?fourth',
    ]);
    expect(transport.openBodies).toBe(0);
  });

  it('are not followed a fourth time in one try', async () => {
    const { downloader, transport, clock } = start(to('/again'));
    const failure = expect(downloader.downloadOnce(URL_OF_PICTURE, 100)).rejects.toMatchObject({
      code: 'upstream_invalid',
    });
    await clock.advance(100);
    await failure;
    expect(transport.requests).toHaveLength(4);
  });
});

describe('several downloads', () => {
  it('are given in the order of their URLs', async () => {
    const { downloader, transport } = start(good);
    const wide = png(99, 1);
    transport.reply = ({ path }) => response(200, path === '/wide' ? wide : PICTURE);
    const staged = await downloader.downloadAll([
      { url: 'https://x.example/wide' },
      { url: 'https://x.example/other' },
    ]);
    expect(staged.map(({ width }) => width)).toEqual([99, 24]);
  });

  it('are all dropped when one fails', async () => {
    const { downloader, transport, clock, memory } = start(good);
    transport.reply = ({ path }) => (path === '/gone' ? response(404) : response(200, PICTURE));
    const assets = ['1', 'gone', '2'].map((name) => ({ url: `https://x.example/${name}` }));
    const failure = expect(downloader.downloadAll(assets)).rejects.toMatchObject({
      code: 'upstream_invalid',
    });
    await clock.advance(30_000);
    await failure;
    expect(memory.openStages).toBe(0);
  });
});

it('brings a picture over a real connection, through a redirect and a false start', async () => {
  let asked = 0;
  const server = await startServer((request, reply) => {
    asked += 1;
    if (asked === 1) reply.socket?.destroy();
    else if (request.url === '/old') reply.writeHead(301, { location: '/new' }).end('moved');
    else reply.writeHead(200, { 'content-length': PICTURE.length }).end(PICTURE);
  });
  const transport = createUndiciTransport();
  onTestFinished(() => transport.close());
  const memory = new MemoryBlobDriver(systemClock);
  const blobs = new BlobStore({
    driver: memory,
    hasher: nativeHasher,
    probe: imageProbe,
    clock: systemClock,
  });
  const downloader = new Downloader(
    { transport, blobs, clock: systemClock },
    { maxBytes: 10_000, budgetMs: 20_000 },
  );
  const staged = await downloader.download(`${server.origin}/old`);
  await staged.commit();
  expect(memory.byteCount).toBe(PICTURE.length);
  expect(asked).toBe(3);
});
