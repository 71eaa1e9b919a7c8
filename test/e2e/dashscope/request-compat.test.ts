import { once } from 'node:events';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { expect, it } from 'vitest';
import { dataUri, edit } from '../../support/clients/assets.ts';
import { open } from '../../support/clients/http-client.ts';
import { requestRaw } from '../../support/clients/raw-request.ts';
import { RESOLVE, Sdk, SPELLINGS } from '../../support/clients/sdk.ts';
import { png } from '../../support/data/sample-images.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { startServer } from '../../support/servers/http-server.ts';
import { API_KEY, body, imageUrls, MULTIMODAL, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const PNG = png(400, 300, (row) => row % 251);

const lastSent = (stack: Stack) => stack.simulator.control.recent('generation').at(-1)?.body;

it('what was bought with compression is plain for a client that takes none', async () => {
  const stack = await startStack();
  const request = (acceptEncoding: string) =>
    requestRaw(stack.origin, {
      headers: { 'content-type': 'application/json', 'accept-encoding': acceptEncoding },
      chunks: [JSON.stringify(body('compressed', SMALL))],
    });
  const bought = await request('gzip, deflate');
  expect(bought.status).toBe(200);
  const hit = await request('identity');
  expect([hit.status, hit.headers['x-cache'], hit.headers['content-encoding']]).toEqual([
    200,
    'HIT',
    undefined,
  ]);
  expect(JSON.parse(hit.text).output.choices[0].message.role).toBe('assistant');
});

it('a key that the vendor refuses is told so first, whatever else is wrong', async () => {
  const stack = await startStack({ DASHCACHE_AUTH: 'passthrough' });
  const ask = (request: object, key: string) =>
    stack.request('POST', MULTIMODAL, {
      body: JSON.stringify(request),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    });
  const good = body('order of errors', SMALL);
  expect((await ask(good, API_KEY)).status).toBe(200);
  const wrong = { ...good, parameters: { n: 99 } };
  for (const request of [good, wrong, { ...good, input: {} }]) {
    const refused = await ask(request, 'sk-invalid');
    expect([refused.status, refused.json.code]).toEqual([401, 'InvalidApiKey']);
  }
  expect((await ask(wrong, API_KEY)).status).toBe(400);
});

it('a compressed stream that passes through is there event by event', async () => {
  const frames = [1, 2].map((id) => `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:{"n":${id}}\n\n`);
  const received = createGate();
  const upstream = await startServer(async (incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    const packing = createGzip({ flush: constants.Z_SYNC_FLUSH });
    packing.pipe(outgoing);
    packing.write(frames[0]);
    await received.opened;
    packing.end(frames[1]);
  });
  const { origin } = await startStack({ DASHCACHE_UPSTREAM: upstream.origin });
  const answer = await open(origin, {
    method: 'POST',
    path: MULTIMODAL,
    headers: { 'content-type': 'application/json', 'accept-encoding': 'gzip', 'x-accel-buffering': 'no' },
    body: JSON.stringify(body('What is this?', {}, 'qwen3-vl-plus')),
  });
  let text = '';
  const unpacked = answer.pipe(createGunzip());
  unpacked.on('data', (part) => {
    text += String(part);
    if (text === frames[0]) received.open();
  });
  await once(unpacked, 'end');
  expect(text).toBe(frames.join(''));
});

it('a message list that an SDK has changed in place is good for the retry, and is uploaded once', async () => {
  const stack = await startStack();
  const { control } = stack.simulator;
  const name = await new Sdk(stack.origin, SPELLINGS.python).upload(edit().model, PNG, 'kettle.png');
  control.fault({ on: 'generation', effect: { kind: 'refuse', status: 400 } });
  const tries = [];
  for (let turn = 0; turn < 3; turn += 1) tries.push(await stack.generate(edit(name), RESOLVE));
  expect(tries.map(({ status }) => status)).toEqual([400, 200, 200]);
  expect(tries.map(({ headers }) => headers.get('x-cache'))).toEqual(['MISS', 'MISS', 'HIT']);
  expect(control.counters()).toMatchObject({ uploads: 1, billedImages: 1 });
});

it('what the SDKs put beside the request goes upstream as it came, and counts for nothing', async () => {
  const stack = await startStack();
  const noise = {
    negative_prompt: null,
    style: null,
    seed: null,
    stream: false,
    is_async: false,
    result_format: 'message',
    incremental_output: true,
  };
  const noisy = JSON.stringify(body('noise', { ...SMALL, n: 1, ...noise }), undefined, ' ');
  expect((await stack.generate(noisy)).headers.get('x-cache')).toBe('MISS');
  expect(lastSent(stack)).toBe(noisy);
  expect((await stack.generate(body('noise', SMALL))).headers.get('x-cache')).toBe('HIT');
});

it('three pictures of ten megabytes in one body are drawn from, and found again', async () => {
  const stack = await startStack();
  const pictures = [1, 2, 3].map((shade) => {
    const bytes = new Uint8Array(10_000_000);
    bytes.set(png(400, 300, (row) => (row * shade) % 251));
    return dataUri('image/png', bytes);
  });
  const text = JSON.stringify(edit(...pictures));
  expect(text.length).toBeGreaterThan(40_000_000);
  const miss = await stack.generate(text);
  expect([miss.status, miss.headers.get('x-cache')]).toEqual([200, 'MISS']);
  expect((await stack.generate(text)).headers.get('x-cache')).toBe('HIT');
  expect(stack.asked).toBe(1);
});

it('a model that draws four unless told otherwise is asked, paid and answered for four', async () => {
  const stack = await startStack();
  const wan = (parameters: object) => body('how many?', { size: '1280*1280', ...parameters }, 'wan2.6-t2i');
  const miss = await stack.generate(wan({}));
  expect(imageUrls(miss)).toHaveLength(4);
  expect(JSON.parse(lastSent(stack) ?? '')).toEqual(wan({ n: 4 }));
  const four = await stack.generate(wan({ n: 4 }));
  expect([four.headers.get('x-cache'), imageUrls(four)]).toEqual(['HIT', imageUrls(miss)]);
  const one = await stack.generate(wan({ n: 1 }));
  expect([one.headers.get('x-cache'), imageUrls(one).length]).toEqual(['MISS', 1]);
  expect(stack.simulator.control.counters().billedImages).toBe(5);
});
