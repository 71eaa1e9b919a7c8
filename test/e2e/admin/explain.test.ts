import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataUri, edit, startAssets } from '../../support/clients/assets.ts';
import { explain } from '../../support/clients/explain.ts';
import { readAllRows, writeRows } from '../../support/data/rows.ts';
import { png } from '../../support/data/sample-images.ts';
import { body, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const HOUR_MS = 60 * 60 * 1000;

const wish = (text: string, parameters: Readonly<Record<string, unknown>> = {}) =>
  body(text, { ...SMALL, ...parameters });

/** Makes every entry older, with the server at rest meanwhile. */
async function age(stack: Stack, ms: number): Promise<void> {
  await stack.stopServer();
  writeRows(stack, `update entries set created_at = created_at - ${ms}`);
  await stack.startServer();
}

describe('explain', () => {
  it('says what the next request would get: the key, the scope, a miss and its price, then a hit', async () => {
    const stack = await startStack();
    const request = wish('a fox', { seed: 7, stream: false });
    const { status, json: before } = await explain(stack, request);
    expect(status).toBe(200);
    expect(before).toEqual({
      dialect: 'dashscope',
      model: 'qwen-image-max',
      key: expect.stringMatching(/^k1:[0-9a-f]{32}$/),
      scope: expect.stringMatching(/^key:[0-9a-f]{32}$/),
      canonical: {
        input: { prompt: 'a fox' },
        model: 'qwen-image-max',
        parameters: { n: 1, seed: 7, size: '512*512' },
      },
      excluded: [{ field: 'parameters.stream', reason: expect.stringMatching(/^Transport/) }],
      result: 'miss',
      reason: 'Nothing of this recipe is stored.',
      cost: { amount: 0.5, currency: 'CNY' },
      nearest: [],
    });

    const bought = await stack.generate(request);
    expect(bought.headers.get('cache-status')).toContain(`key="${before.key}"`);
    const { json: after } = await explain(stack, request);
    expect(after).toEqual({
      ...before,
      result: 'hit',
      reason: 'Take 1 of this recipe is stored.',
      entry: { id: 1, take: 1, created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), hits: 0 },
    });
  });

  it('costs nothing: nothing is asked of upstream, no row changes, no use is counted', async () => {
    const stack = await startStack();
    await stack.generate(wish('a crow'));
    const rows = readAllRows(stack);
    const asked = stack.simulator.control.recent().length;
    for (const text of ['a crow', 'a rook']) {
      for (const control of ['', 'no-cache', 'no-store', 'only-if-cached', 'max-age=0']) {
        expect((await explain(stack, wish(text), { headers: { 'cache-control': control } })).status).toBe(
          200,
        );
      }
    }
    await stack.server.services.usage.flush();
    expect(readAllRows(stack)).toEqual(rows);
    expect(stack.simulator.control.recent()).toHaveLength(asked);
    expect(stack.server.services.images.flights).toBe(0);
  });

  it('shows the nearest entries, and the exact fields in which they differ', async () => {
    const stack = await startStack();
    await stack.generate(wish('a fox', { seed: 1, watermark: true }));
    await stack.generate(wish('a fox', { seed: 2 }));
    // Of its takes one is enough.
    await stack.generate(wish('a fox', { seed: 2 }), { 'cache-control': 'no-cache' });
    await stack.generate(wish('a vixen', { seed: 3 }));
    const { json } = await explain(stack, wish('a fox', { seed: 3, prompt_extend: null }));
    expect(json.nearest.map(({ prompt, differences }: never) => ({ prompt, differences }))).toEqual([
      { prompt: 'a fox', differences: [{ field: 'parameters.seed', asked: 3, stored: 2 }] },
      { prompt: 'a vixen', differences: [{ field: 'input.prompt', asked: 'a fox', stored: 'a vixen' }] },
      {
        prompt: 'a fox',
        differences: [
          { field: 'parameters.seed', asked: 3, stored: 1 },
          { field: 'parameters.watermark', asked: null, stored: true },
        ],
      },
    ]);
    const { key } = (await explain(stack, wish('a fox', { seed: 2 }))).json;
    expect(json.nearest[0]).toMatchObject({ key, created_at: expect.any(String) });
  });

  it('names what is stale, too old or without its picture, and why', async () => {
    const stack = await startStack();
    await stack.generate(wish('old'));
    await age(stack, HOUR_MS);
    const stale = (await explain(stack, wish('old'), { headers: { 'cache-control': 'max-age=60' } })).json;
    expect(stale).toMatchObject({ result: 'miss', entry: { id: 1 } });
    expect(stale.reason).toMatch(/is 36\d\d s old, and max-age=60 was asked for/);

    await stack.stopServer();
    await stack.startServer({ DASHCACHE_MAX_AGE: '30m' });
    const over = (await explain(stack, wish('old'))).json;
    expect(over).toMatchObject({ result: 'miss', reason: expect.stringContaining('DASHCACHE_MAX_AGE') });

    await stack.stopServer();
    await stack.startServer();
    const blobs = join(stack.folder, 'data', 'blobs');
    await rename(blobs, `${blobs}.away`);
    const lost = (await explain(stack, wish('old'))).json;
    expect(lost).toMatchObject({ result: 'miss', reason: expect.stringContaining('lost a picture') });
    // Asking did not drop it.
    expect((await explain(stack, wish('old'))).json.entry).toEqual(lost.entry);
  });

  it('explains within a scope: that of the credential, or the one that is named', async () => {
    const stack = await startStack();
    await stack.generate(wish('mine'), { authorization: 'Bearer sk-one' });
    const own = (await explain(stack, wish('mine'), { headers: { authorization: 'Bearer sk-one' } })).json;
    const other = (await explain(stack, wish('mine'), { headers: { authorization: 'Bearer sk-two' } })).json;
    expect([own.result, other.result]).toEqual(['hit', 'miss']);
    expect(other.reason).toBe('Nothing of this recipe is stored in this scope, but it is in another.');
    const near = (await explain(stack, wish('other'), { headers: { authorization: 'Bearer sk-two' } })).json;
    expect(near.nearest).toEqual([]);

    const named = (await explain(stack, wish('mine'), { query: `?scope=${encodeURIComponent(own.scope)}` }))
      .json;
    expect(named).toMatchObject({ scope: own.scope, result: 'hit' });
    for (const nobodys of ['%0a', 'ann', 'token:', 'key:2270']) {
      const strange = await explain(stack, wish('mine'), { query: `?scope=${nobodys}` });
      expect([nobodys, strange.status, strange.json.field]).toEqual([nobodys, 400, 'scope']);
    }
  });

  it('says what the directives make of it', async () => {
    const stack = await startStack();
    await stack.generate(wish('directed'));
    const reasons: [Record<string, string>, string, RegExp][] = [
      [{ 'cache-control': 'no-store' }, 'bypass', /^no-store: it is bought, and neither read nor stored/],
      [{ 'cache-control': 'no-cache' }, 'bypass', /^no-cache: it is bought afresh/],
      [{ 'cache-control': 'no-cache', 'x-dashscope-sse': 'enable' }, 'hit', /^Take 1/],
      [{ 'x-dashcache-take': '1' }, 'hit', /^Take 1/],
      [{ 'x-dashcache-take': '2' }, 'miss', /^No take 2 of this recipe is stored\.$/],
      [{ 'x-dashcache-take': '2', 'cache-control': 'only-if-cached' }, 'miss', /the answer is 504/],
      [{ 'x-dashscope-encryptionkey': 'x' }, 'bypass', /encrypted/],
    ];
    for (const [headers, result, reason] of reasons) {
      const { json } = await explain(stack, wish('directed'), { headers });
      expect([headers, json.result, json.reason]).toEqual([headers, result, expect.stringMatching(reason)]);
    }
    const { json } = await explain(stack, wish('directed'), { headers: { 'x-dashcache-take': '2' } });
    expect(json.excluded.map(({ field }: { field: string }) => field)).toEqual(['X-Dashcache-Take']);
  });

  it('takes no turn among the takes, and knows the policy for requests without a seed', async () => {
    const stack = await startStack({ DASHCACHE_SEEDLESS: 'takes:2' });
    await stack.generate(wish('turns'));
    await stack.generate(wish('turns'), { 'x-dashcache-take': '2' });
    const next = async () => (await explain(stack, wish('turns'))).json.entry.take;
    const [first, again] = [await next(), await next()];
    expect(again).toBe(first);
    await stack.generate(wish('turns'));
    expect(await next()).not.toBe(first);

    await stack.stopServer();
    await stack.startServer({ DASHCACHE_SEEDLESS: 'fresh' });
    const { json } = await explain(stack, wish('turns'));
    expect([json.result, json.reason]).toEqual(['bypass', expect.stringContaining('DASHCACHE_SEEDLESS')]);
  });

  it('says why a request cannot be cached', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    const missing = (await explain(stack, edit(assets.at('/missing.png')))).json;
    expect(missing).toMatchObject({ result: 'bypass', key: null, canonical: null, cost: null, nearest: [] });
    expect(missing.reason).toContain('input.messages[0].content[0].image');
    const vague = JSON.stringify(wish('exact')).replace('"size"', '"x":12345678901234567890,"size"');
    expect((await explain(stack, vague)).json).toMatchObject({
      result: 'bypass',
      reason: expect.stringContaining('number'),
    });
    const headers = { 'x-dashscope-colour': 'warm' };
    expect((await explain(stack, wish('warm'), { headers })).json).toMatchObject({
      result: 'bypass',
      reason: expect.stringContaining('header'),
    });
    for (const model of ['qwen-vl-max', 'wan2.5-i2v-preview']) {
      const { json } = await explain(stack, { ...wish('foreign'), model });
      expect([json.result, json.key, json.reason]).toEqual(['foreign', null, expect.stringContaining(model)]);
    }
  });

  it('counts reference images by their bytes, and fetches them', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    const picture = png(400, 300);
    assets.serve('/a.png', picture);
    const [byUrl, byBytes] = [
      (await explain(stack, edit(assets.at('/a.png')))).json,
      (await explain(stack, edit(dataUri('image/png', picture)))).json,
    ];
    expect(byUrl.key).toBe(byBytes.key);
    expect(byUrl.canonical.input.images).toEqual([expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]);
    expect(assets.asked('/a.png')).toBe(1);
    expect(JSON.stringify(byBytes)).not.toContain('base64');
  });

  it('reads image.generate, and gives it the key of the same wish in other words', async () => {
    const stack = await startStack();
    const own = (await explain(stack, { prompt: 'a fox', size: '512*512', seed: 7, style: '', take: 2 }))
      .json;
    const vendors = (await explain(stack, wish('a fox', { seed: 7 }))).json;
    expect(own).toMatchObject({ dialect: 'image.generate', model: 'qwen-image-max', result: 'miss' });
    expect(own.reason).toContain('No take 2');
    expect(own.excluded).toEqual([{ field: 'take', reason: expect.any(String) }]);
    expect(own.key).toBe(vendors.key);
  });

  it('reads OpenAI’s words, and says what of them is no part of the picture', async () => {
    const stack = await startStack();
    const words = { prompt: 'a fox', model: 'qwen-image-max', size: '512x512', seed: 7 };
    const noise = { response_format: 'b64_json', user: 'u', quality: 'high', background: null };
    const openai = (await explain(stack, { ...words, ...noise })).json;
    const vendors = (await explain(stack, wish('a fox', { seed: 7 }))).json;
    expect([openai.dialect, openai.key]).toEqual(['openai', vendors.key]);
    const fields = openai.excluded.map(({ field }: { field: string }) => field).sort();
    expect(fields).toEqual(['quality', 'response_format', 'user']);
    // Both dialects' words, and the same in both.
    expect((await explain(stack, words)).json.key).toBe(vendors.key);

    const picture = dataUri('image/png', png(400, 300));
    const edits = (await explain(stack, { prompt: 'from steel to copper', image: picture, size: '512x512' }))
      .json;
    expect([edits.dialect, edits.model]).toEqual(['openai', 'qwen-image-edit-plus']);
    expect(edits.key).toBe(
      (await explain(stack, { ...edit(picture), parameters: { size: '512*512', n: 1 } })).json.key,
    );
  });
});

describe('what cannot be explained is a problem that names the field', () => {
  it.each([
    ['no JSON', '{', 400, 'invalid_json', undefined],
    ['no object', '[]', 400, 'invalid_request', undefined],
    ['no model', '{"input":{}}', 400, 'missing_model', 'model'],
    ['a wrong type', JSON.stringify(wish('x', { size: 5 })), 400, 'invalid_request', 'parameters.size'],
    [
      'a private address',
      JSON.stringify(edit('http://10.0.0.1/a.png')),
      400,
      'reference_refused',
      expect.any(String),
    ],
    [
      'image.generate’s own',
      '{"prompt":"x","size":"1*1","reference_image":"http://10.0.0.1/"}',
      400,
      'reference_refused',
      'reference_image',
    ],
    [
      'a model that nobody has',
      '{"prompt":"x","size":"1*1","model":"qwen-imagine"}',
      400,
      'unknown_model',
      'model',
    ],
    [
      'image.generate without a size',
      '{"prompt":"x","reference_image":"oss://a"}',
      400,
      'invalid_request',
      'size',
    ],
    [
      'OpenAI’s own',
      '{"prompt":"x","image":["http://10.0.0.1/","oss://a"]}',
      400,
      'reference_refused',
      'image[0]',
    ],
    [
      'a number that cannot be kept',
      '{"prompt":"x","user":"u","y":1e999}',
      400,
      'invalid_request',
      undefined,
    ],
  ])('%s', async (_, text, status, code, field) => {
    const stack = await startStack();
    const answer = await explain(stack, text);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json).toMatchObject({ type: 'about:blank', status, code, detail: expect.any(String) });
    expect([answer.status, answer.json.field]).toEqual([status, field]);
    expect(answer.json.request_id).toBe(answer.headers.get('x-request-id'));
  });

  it('another method, another type, too much, another path', async () => {
    const stack = await startStack({ DASHCACHE_MAX_BODY: '1KiB' });
    const get = await stack.request('GET', '/admin/api/explain');
    expect([get.status, get.headers.get('allow'), get.json.code]).toEqual([
      405,
      'POST',
      'method_not_allowed',
    ]);
    expect((await explain(stack, wish('x'), { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await explain(stack, wish('x'.repeat(2000)))).json.status).toBe(413);
    expect((await stack.request('GET', '/admin/api/nothing')).json).toMatchObject({ status: 404 });
  });
});
