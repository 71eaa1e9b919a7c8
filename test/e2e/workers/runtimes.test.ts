import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { uploadFile } from '../../simulator/upload-support.ts';
import { dataUri, edit } from '../../support/clients/assets.ts';
import { DOORS } from '../../support/clients/doors.ts';
import { readEvents } from '../../support/clients/event-stream.ts';
import { ASYNC, RESOLVE, TEXT2IMAGE } from '../../support/clients/sdk.ts';
import { interleaved, itemsOf, openStream, readStrictly } from '../../support/clients/streams.ts';
import { carry, type TransferStack } from '../../support/clients/transfer.ts';
import { png } from '../../support/data/sample-images.ts';
import { ADMIN_TOKEN, RUNTIMES, startOnNode, startOnWorkers } from '../../support/servers/runtimes.ts';
import {
  type Answer,
  API_KEY,
  body,
  bytesAt,
  imageUrls,
  MULTIMODAL,
  type ServedSimulator,
} from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

const BROWSER = new URL('../../../src/browser/', import.meta.url);
/** In characters of the body, pictures left out. */
const LONGEST_WORDS = 256 * 1024;
const SMALL = { size: '512*512' };
const AS_CLIENT = { authorization: `Bearer ${API_KEY}` };
const OTHER_KEY = 'sk-test-another-key-altogether';

/** The same scenarios, with the same answers, whatever dashcache runs on. */
describe.each(RUNTIMES)('on %s', (_, start) => {
  let stack: ServedSimulator;

  beforeAll(async () => {
    stack = await start({ DASHCACHE_REFERENCE_ALLOW: '127.0.0.1' });
  });
  afterAll(async () => {
    stack.simulator.control.clearFaults();
    await stack.close();
  });

  const cacheStatus = (answer: Answer) => answer.headers.get('cache-status');
  const xCache = (answer: Answer) => answer.headers.get('x-cache');
  const [askedBefore, drawn] = [() => stack.asked, (before: number) => stack.asked - before];

  async function untilEnded(id: string): Promise<Answer> {
    return await until(
      () => stack.request('GET', `/api/v1/tasks/${id}`),
      ({ json }) => !['PENDING', 'RUNNING'].includes(json.output.task_status),
    );
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

  it('knows a picture again at every door, whatever its reference is called', async () => {
    const [blob = ''] = imageUrls(await stack.generate(body('the original', SMALL)));
    const picture = { prompt: 'at every door', bytes: await bytesAt(blob), url: blob, blob };
    for (const isEdit of [false, true]) {
      const before = askedBefore();
      const found = [];
      for (const door of DOORS) {
        for (const form of door.forms.filter((each) => (each !== 'text') === isEdit)) {
          const { cache, url } = await door.ask(stack, form, picture);
          found.push({ door: door.name, form, cache, url });
        }
      }
      const [{ url } = { url: '' }] = found;
      expect(found.map((each, index) => ({ ...each, cache: index === 0 ? 'HIT' : each.cache }))).toEqual(
        found.map((each) => ({ ...each, cache: 'HIT', url })),
      );
      expect(found[0]?.cache).toBe('MISS');
      expect(drawn(before)).toBe(1);
    }
  });

  it('tells of a picture while it is drawn', async () => {
    const before = askedBefore();
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const response = await fetch(`${stack.origin}/v1/image.generate`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ prompt: 'told', size: '512*512' }),
    });
    const events = [];
    for await (const event of readEvents(response)) {
      events.push(event);
      if (event.event === 'running') held.release();
    }
    expect(events.map(({ event }) => event)).toContain('running');
    expect(events.at(-1)?.event).toBe('done');
    expect(events.at(-1)?.data).toMatchObject({ cached: false, width: 512, height: 512 });
    expect(drawn(before)).toBe(1);
  });

  it('shows a stream as it comes, keeps the picture of who leaves it, and replays it', async () => {
    const before = askedBefore();
    const held = stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'hold', at: 'body', after: 1 },
    });
    const leaving = new AbortController();
    const left = await openStream(stack.origin, interleaved('streamed'), AS_CLIENT, leaving.signal);
    expect([left.status, left.headers.get('x-cache')]).toEqual([200, 'MISS']);
    const first = await left.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toContain('data:');
    leaving.abort();
    const next = openStream(stack.origin, interleaved('streamed'), AS_CLIENT);
    held.release();
    const joined = itemsOf(readStrictly(await (await next).text()));
    expect(joined.at(-1)?.image).toContain(`${stack.origin}/blobs/`);
    const hit = await openStream(stack.origin, interleaved('streamed'), AS_CLIENT);
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(itemsOf(readStrictly(await hit.text()))).toEqual(joined);
    expect(drawn(before)).toBe(1);
  });

  it('finds a picture’s bytes again that somebody has taken away', async () => {
    const before = askedBefore();
    const [url = ''] = imageUrls(await stack.generate(body('healed', SMALL)));
    const bytes = await bytesAt(url);
    await stack.startAnew();
    await stack.loseBytes(url);
    const again = await stack.generate(body('healed', SMALL));
    expect([again.status, xCache(again)]).toEqual([200, 'HIT']);
    expect(await bytesAt(imageUrls(again)[0] ?? '')).toEqual(bytes);
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

  it('takes bodies that do not say how long they are', async () => {
    const before = askedBefore();
    const send = (path: string, text: string) => {
      const init = {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        body: new Blob([text]).stream(),
        duplex: 'half',
      };
      return fetch(stack.origin + path, init);
    };
    const cat = JSON.stringify(body('a cat of unknown length', SMALL));
    for (const expected of ['MISS', 'HIT']) {
      const answer = await send(MULTIMODAL, cat);
      expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, expected]);
      await answer.arrayBuffer();
    }
    expect(drawn(before)).toBe(1);
    const content = 'x'.repeat(17 * 1024 * 1024);
    const chat = JSON.stringify({ model: 'qwen-plus', messages: [{ role: 'user', content }] });
    const passed = await send('/compatible-mode/v1/chat/completions', chat);
    expect([passed.status, (await passed.text()).includes('choices')]).toEqual([200, true]);
  });

  it.each([
    ['words', 'x'],
    ['Chinese', '狐'],
    ['what JSON escapes', '\u0001'],
  ])('stores the longest recipe there is, of %s', async (_kind, unit) => {
    const spare = JSON.stringify(body('', SMALL)).length;
    const prompt = unit.repeat(
      Math.floor((LONGEST_WORDS - spare) / JSON.stringify(unit).slice(1, -1).length),
    );
    const miss = await stack.generate(body(prompt, SMALL));
    expect([miss.status, cacheStatus(miss)]).toEqual([200, 'dashcache; fwd=miss; stored']);
    expect(xCache(await stack.generate(body(prompt, SMALL)))).toBe('HIT');
  });

  it('is alive, ready and described', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json'])
      expect([path, (await fetch(stack.origin + path)).status]).toEqual([path, 200]);
  });
});

describe.each(RUNTIMES)('tasks that nobody waits for, on %s', (_, start) => {
  const TOKEN = 'token-of-alice-000001';
  const as = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const recipe = {
    model: 'wan2.5-t2i-preview',
    input: { prompt: 'left alone' },
    parameters: { n: 1, size: '1280*1280' },
  };

  it('are brought home by who comes after, and not paid twice', async () => {
    const stack = await start({
      DASHCACHE_AUTH: 'token',
      DASHCACHE_TOKENS: `alice:${TOKEN}`,
      DASHSCOPE_API_KEY: API_KEY,
    });
    onTestFinished(() => stack.close());
    const { control } = stack.simulator;
    control.holdTasks();
    const submitted = await stack.request('POST', TEXT2IMAGE, {
      body: JSON.stringify(recipe),
      headers: { ...as, ...ASYNC },
    });
    expect(submitted.json.output.task_status).toBe('PENDING');
    await stack.startAnew();
    control.resumeTasks();
    // The picture is fetched by nobody’s request.
    await control.waitFor('image', 1);
    const same = await stack.generate(recipe, as);
    expect([same.status, same.headers.get('x-cache')]).not.toEqual([200, 'MISS']);
    expect(stack.asked).toBe(1);
    const path = `/api/v1/tasks/${submitted.json.output.task_id}`;
    const { json } = await stack.request('GET', path, { headers: as });
    expect(json.output.task_status).toBe('SUCCEEDED');
  });
});

describe.each(RUNTIMES)('the admin side on %s', (_, start) => {
  let stack: ServedSimulator;
  let picture = '';
  const as = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
  const admin = (method: string, path: string, value?: unknown) =>
    stack.request(method, `/admin/api/${path}`, {
      headers: as,
      ...(value === undefined ? {} : { body: JSON.stringify(value) }),
    });
  const listed = async (query = ''): Promise<string[]> => {
    const { json } = await admin('GET', `entries?${query}`);
    return json.entries.map(({ prompt }: { prompt: string }) => prompt);
  };
  const browse = (path: string, init: RequestInit = {}) =>
    fetch(stack.origin + path, {
      redirect: 'manual',
      ...init,
      headers: { accept: 'text/html', ...init.headers },
    });

  beforeAll(async () => {
    stack = await start();
    for (const prompt of ['红 fox', 'blue fox', 'red crow']) {
      const answer = await stack.generate(body(prompt, { ...SMALL, seed: 7 }));
      picture = imageUrls(answer)[0] ?? '';
    }
    await stack.generate(body('red crow', { ...SMALL, seed: 7 }));
  });
  afterAll(() => stack.close());

  it('lets in by a login only', async () => {
    const outside = await browse('/admin/figures');
    expect([outside.status, outside.headers.get('location')]).toEqual([
      303,
      '/admin/login?next=%2Fadmin%2Ffigures',
    ]);
    expect((await stack.request('GET', '/admin/api/entries')).status).toBe(401);
    expect((await stack.request('GET', '/metrics')).status).toBe(401);
    const login = (token: string) =>
      browse('/admin/login', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: stack.origin },
        body: new URLSearchParams({ token }).toString(),
      });
    expect((await login('wrong')).status).toBe(401);
    const inside = await login(ADMIN_TOKEN);
    expect([inside.status, inside.headers.get('location')]).toEqual([303, '/admin']);
    const cookie = inside.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const page = await browse('/admin', { headers: { cookie } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(page.headers.get('cache-control')).toBe('no-store');
    const html = await page.text();
    const assets = [...html.matchAll(/"(\/admin\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(assets.length).toBeGreaterThan(5);
    for (const path of assets) {
      const asset = await browse(path);
      expect([path, asset.status, asset.headers.get('x-content-type-options')]).toEqual([
        path,
        200,
        'nosniff',
      ]);
      const name = path.slice('/admin/assets/'.length);
      expect(await asset.text()).toBe(await readFile(new URL(name, BROWSER), 'utf8'));
    }
    expect((await browse('/admin/assets/none.js')).status).toBe(404);
    expect((await browse('/gallery.js')).status).toBe(404);
    const small = await browse(`/admin/thumbnails/${/[0-9a-f]{64}/.exec(picture)?.[0]}`, {
      headers: { cookie },
      redirect: 'follow',
    });
    expect(small.headers.get('content-type')).toMatch(/^image\//);
  });

  it('lists, searches and shows', async () => {
    expect(await listed()).toEqual(['red crow', 'blue fox', '红 fox']);
    expect(await listed('q=fox')).toEqual(['blue fox', '红 fox']);
    expect(await listed(`q=${encodeURIComponent('红')}`)).toEqual(['红 fox']);
    const { json } = await admin('GET', 'entries?limit=1');
    const next = await admin('GET', `entries?limit=2&cursor=${json.next_cursor}`);
    expect(next.json.entries).toHaveLength(2);
    const [{ key }] = json.entries;
    const one = await admin('GET', `entries/${key}`);
    expect(one.json.takes ?? one.json).toBeTruthy();
    expect((await admin('PUT', `entries/${key}/tags`, { tags: ['海报'] })).status).toBe(200);
    expect((await admin('POST', `entries/${key}/pin`, { pinned: true })).status).toBe(200);
    expect(await listed(`tag=${encodeURIComponent('海报')}`)).toEqual(['red crow']);
    expect(await listed('pinned=true')).toEqual(['red crow']);
  });

  it('explains, counts and sums up', async () => {
    const { json: found } = await admin('GET', 'entries?q=crow');
    const [{ scope, key }] = found.entries;
    const explained = await admin('POST', `explain?scope=${scope}`, body('red crow', { ...SMALL, seed: 7 }));
    expect(explained.json).toMatchObject({ result: 'hit', key, entry: { take: 1 } });
    const other = await admin('POST', `explain?scope=${scope}`, body('red crow', { ...SMALL, seed: 8 }));
    expect(other.json).toMatchObject({ result: 'miss', cost: { amount: 0.5, currency: 'CNY' } });
    expect(other.json.nearest[0].key).toBe(key);
    const ledger = await admin('GET', 'ledger?group=model');
    const [row] = ledger.json.rows.filter(({ model }: { model: string }) => model === 'qwen-image-max');
    expect(row).toMatchObject({
      hits: 1,
      misses: 3,
      spent: [{ currency: 'CNY', amount: 1.5 }],
      avoided: [{ currency: 'CNY', amount: 0.5 }],
    });
    expect((await admin('GET', 'stats')).json).toMatchObject({ entries: 3, blobs: 3 });
    const purchases = await admin('GET', 'purchases');
    expect(purchases.json.purchases.map(({ state }: { state: string }) => state)).toEqual(
      Array(3).fill('stored'),
    );
    expect((await stack.request('GET', '/metrics', { headers: as })).status).toBe(200);
  });

  it('verifies, purges what it foretold, and collects', async () => {
    expect((await admin('POST', 'verify')).json).toEqual({ checked: 3, damaged: 0, healed: 0, dropped: 0 });
    const filter = { q: 'fox', pinned: null };
    const { json: foreseen } = await admin('POST', 'purge', { filter, dry_run: true });
    expect(foreseen).toMatchObject({ entries: 2, blobs: 2 });
    expect(await listed()).toHaveLength(3);
    expect((await admin('POST', 'purge', { filter })).json).toEqual(foreseen);
    expect(await listed()).toEqual(['red crow']);
    expect((await fetch(picture)).status).toBe(200);
    expect((await admin('POST', 'purge', {})).status).toBe(400);
    expect((await admin('POST', 'collect')).json).toEqual({ entries: 0, blobs: 0, bytes: 0 });
    expect((await admin('POST', 'purge', { all: true })).json).toMatchObject({ entries: 1, blobs: 1 });
    expect((await fetch(picture)).status).toBe(404);
  });

  it('collects what is beyond the bound', async () => {
    const small = await start({ DASHCACHE_MAX_BYTES: '1' });
    onTestFinished(() => small.close());
    const [url = ''] = imageUrls(await small.generate(body('too much', SMALL)));
    const collected = await small.request('POST', '/admin/api/collect', { headers: as });
    expect(collected.json).toMatchObject({ entries: 1, blobs: 1 });
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('what one runtime has bought is a hit on the other', () => {
  it.each([
    ['Node to Workers', startOnNode, startOnWorkers],
    ['Workers to Node', startOnWorkers, startOnNode],
  ])('from %s', async (_, startOne, startOther) => {
    const shared = { DASHCACHE_SCOPE: 'shared' };
    const [from, to] = [await startOne(shared), await startOther(shared)];
    onTestFinished(async () => {
      await from.close();
      await to.close();
    });
    const wish = body('一只狐狸', { ...SMALL, seed: 1 });
    const bought = await from.generate(wish);
    const { json } = await asAdmin(from).request('GET', `/admin/api/entries?q=${encodeURIComponent('狐')}`);
    const [answer] = await carry(asAdmin(from), asAdmin(to), json.entries[0].key);
    expect([answer?.status, answer?.json.imported]).toEqual([201, true]);
    const hit = await to.generate(wish);
    expect([hit.status, hit.headers.get('x-cache')]).toEqual([200, 'HIT']);
    const [[there = ''], [here = '']] = [imageUrls(bought), imageUrls(hit)];
    expect(here.startsWith(`${to.origin}/blobs/`)).toBe(true);
    expect(await bytesAt(here)).toEqual(await bytesAt(there));
    expect(to.asked).toBe(0);
  });
});

function asAdmin(stack: ServedSimulator): TransferStack {
  return {
    origin: stack.origin,
    request: (method, path, init = {}) => {
      const headers: Record<string, string> = init.headers ?? {};
      const authorization = `Bearer ${ADMIN_TOKEN}`;
      return stack.request(method, path, { ...init, headers: { ...headers, authorization } });
    },
  };
}
