import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadFile } from '../simulator/upload-support.ts';
import { dataUri, edit } from '../support/assets.ts';
import { png } from '../support/sample-images.ts';
import { ASYNC, RESOLVE, TEXT2IMAGE } from '../support/sdk.ts';
import { type Answer, API_KEY, body, imageUrls, type ServedSimulator, Stack } from '../support/stack.ts';
import { WorkerStack } from '../support/worker-stack.ts';

const SMALL = { size: '512*512' };
const OTHER_KEY = 'sk-test-another-key-altogether';

/** The same scenarios, with the same answers, whatever dashcache runs on. */
describe.each<[string, () => Promise<ServedSimulator>]>([
  ['Node', () => Stack.start({ env: { DASHCACHE_AUTH: 'passthrough' } })],
  ['Cloudflare Workers', () => WorkerStack.start()],
])('on %s', (_, start) => {
  let stack: ServedSimulator;

  beforeAll(async () => {
    stack = await start();
  });
  afterAll(async () => {
    stack.simulator.control.clearFaults();
    await stack.close();
  });

  const cacheStatus = (answer: Answer) => answer.headers.get('cache-status');
  const xCache = (answer: Answer) => answer.headers.get('x-cache');
  const [askedBefore, drawn] = [() => stack.asked, (before: number) => stack.asked - before];

  async function untilEnded(id: string): Promise<Answer> {
    for (let turn = 0; turn < 400; turn += 1) {
      const answer = await stack.request('GET', `/api/v1/tasks/${id}`);
      const status = answer.json.output.task_status;
      if (status !== 'PENDING' && status !== 'RUNNING') return answer;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`task ${id} does not end`);
  }

  it('buys once and answers from the store ever after, in any spelling', async () => {
    const before = askedBefore();
    const miss = await stack.generate(body('a cat', SMALL));
    expect([miss.status, xCache(miss), cacheStatus(miss)]).toEqual([
      200,
      'MISS',
      'dashcache; fwd=miss; stored',
    ]);
    const hit = await stack.generate(body('a cat', { ...SMALL, negative_prompt: null }));
    expect([hit.status, xCache(hit), cacheStatus(hit)]).toEqual([200, 'HIT', 'dashcache; hit']);
    expect(hit.headers.get('age')).toMatch(/^\d+$/);
    expect(hit.json.output).toEqual(miss.json.output);
    expect(hit.json.request_id).not.toBe(miss.json.request_id);
    const openAi = await stack.request('POST', '/v1/images/generations', {
      body: JSON.stringify({ model: 'qwen-image-max', prompt: 'a cat', size: '512x512' }),
      headers: { 'content-type': 'application/json' },
    });
    expect([openAi.status, xCache(openAi)]).toEqual([200, 'HIT']);
    expect(openAi.json.data).toEqual(imageUrls(miss).map((url) => ({ url })));
    expect(drawn(before)).toBe(1);
  });

  it('keeps credentials apart, and buys nothing for who asks only what is there', async () => {
    const before = askedBefore();
    await stack.generate(body('mine', SMALL));
    const other = { authorization: `Bearer ${OTHER_KEY}` };
    const refused = await stack.generate(body('mine', SMALL), {
      ...other,
      'cache-control': 'only-if-cached',
    });
    expect(refused.status).toBe(504);
    const unproved = await stack.request('POST', '/v1/image.generate', { headers: { authorization: '' } });
    expect(unproved.status).toBe(401);
    expect(drawn(before)).toBe(1);
  });

  it('makes one call of a hundred identical requests at once', async () => {
    const before = askedBefore();
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const answers = Array.from({ length: 100 }, () => stack.generate(body('a burst', SMALL)));
    await stack.simulator.control.waitFor('generation', before + 1);
    held.release();
    const done = await Promise.all(answers);
    expect(done.map(({ status }) => status)).toEqual(Array(100).fill(200));
    expect(new Set(done.flatMap(imageUrls)).size).toBe(1);
    expect(done.filter((answer) => xCache(answer) === 'MISS')).toHaveLength(1);
    expect(drawn(before)).toBe(1);
  });

  it('keeps the picture of a client that hangs up', async () => {
    const before = askedBefore();
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const impatient = new AbortController();
    const lost = stack.generate(body('abandoned', SMALL), {}, impatient.signal);
    await stack.simulator.control.waitFor('generation', before + 1);
    impatient.abort();
    await expect(lost).rejects.toThrow();
    held.release();
    const retry = await stack.generate(body('abandoned', SMALL));
    expect(retry.status).toBe(200);
    expect(xCache(retry)).not.toBe('MISS');
    expect(drawn(before)).toBe(1);
  });

  it('draws two takes of one recipe at once, each for its own', async () => {
    const before = askedBefore();
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const first = stack.generate(body('twice', SMALL));
    await stack.simulator.control.waitFor('generation', before + 1);
    const second = await stack.generate(body('twice', SMALL), { 'cache-control': 'no-cache' });
    held.release();
    expect(cacheStatus(second)).toBe('dashcache; fwd=bypass; stored');
    expect((await first).status).toBe(200);
    expect(drawn(before)).toBe(2);
  });

  it('relays a refusal as it came, and stores nothing of it', async () => {
    const refused = await stack.generate(body('too many', { ...SMALL, n: 3 }));
    expect(refused.status).toBe(400);
    expect(refused.json.code).toBe('InvalidParameter');
    expect(cacheStatus(refused)).toBe('dashcache; fwd=miss; fwd-status=400');
  });

  it('brings a task home whoever waits, and shares it', async () => {
    const request = {
      model: 'wan2.5-t2i-preview',
      input: { prompt: 'a task' },
      parameters: { n: 1, size: '1280*1280' },
    };
    const submit = () =>
      stack.request('POST', TEXT2IMAGE, {
        body: JSON.stringify(request),
        headers: { ...ASYNC, 'content-type': 'application/json' },
      });
    const before = askedBefore();
    const first = await submit();
    expect([first.status, first.json.output.task_status]).toEqual([200, 'PENDING']);
    const ended = await untilEnded(first.json.output.task_id);
    expect(ended.json.output.task_status).toBe('SUCCEEDED');
    expect(ended.json.output.results[0].url).toContain(`${stack.origin}/blobs/`);
    const second = await submit();
    expect(second.json.output.task_id).not.toBe(first.json.output.task_id);
    const again = await untilEnded(second.json.output.task_id);
    expect(again.json.output.results).toEqual(ended.json.output.results);
    expect(drawn(before)).toBe(1);
  });

  it('takes an upload and draws from it once, whatever the picture is called', async () => {
    const before = askedBefore();
    const bytes = png(400, 300, (row) => row % 251);
    const { model } = edit();
    const { name, response } = await uploadFile(stack.origin, { model, bytes, key: API_KEY });
    expect(response.status).toBe(200);
    const miss = await stack.generate(edit(name), RESOLVE);
    expect([miss.status, xCache(miss)]).toEqual([200, 'MISS']);
    const hit = await stack.generate(edit(dataUri('image/png', bytes)));
    expect([hit.status, xCache(hit)]).toEqual([200, 'HIT']);
    expect(drawn(before)).toBe(1);
  });

  it('serves a picture for good: whole, in ranges, and not again to who has it', async () => {
    const [url = ''] = imageUrls(await stack.generate(body('a picture', SMALL)));
    const digest = /\/([0-9a-f]{64})\.png$/.exec(url)?.[1];
    const whole = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
    const bytes = new Uint8Array(await whole.arrayBuffer());
    expect(whole.status).toBe(200);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(bytes.length),
      etag: `"${digest}"`,
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
    });
    const etag = whole.headers.get('etag') ?? '';
    const fresh = await fetch(url, { headers: { 'if-none-match': etag } });
    expect([fresh.status, await fresh.text()]).toEqual([304, '']);
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(10, 20));
    expect((await fetch(url, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, (await head.arrayBuffer()).byteLength]).toEqual([200, 0]);
    expect((await fetch(url.replace(/[0-9a-f]{64}/, '0'.repeat(64)))).status).toBe(404);
  });

  it('passes on what is no picture, and refuses what is too large', async () => {
    const chat = await stack.request('POST', '/compatible-mode/v1/chat/completions', {
      body: JSON.stringify({ model: 'qwen-plus', messages: [{ role: 'user', content: 'hello' }] }),
      headers: { 'content-type': 'application/json' },
    });
    expect(chat.status).toBe(200);
    const large = await stack.generate(body('x'.repeat(65 * 1024 * 1024)));
    expect(large.status).toBe(413);
  });

  it('is alive, ready and described', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json'])
      expect([path, (await fetch(stack.origin + path)).status]).toEqual([path, 200]);
  });
});
