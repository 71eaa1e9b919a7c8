import { describe, expect, it } from 'vitest';
import { uploadFile } from '../../simulator/upload-support.ts';
import { png } from '../../support/data/sample-images.ts';
import { API_KEY, body, bytesAt, type Stack } from '../../support/servers/stack.ts';
import { startStack } from '../../support/servers/start-stack.ts';

const PATH = '/v1/image.generate';

/** The seed document's minimal request. */
const MINIMAL = {
  prompt: 'a cinematic portrait of a cyclist at dusk, soft rim light, shallow depth of field',
  negative_prompt: 'blurry, low quality, watermark',
  size: '1024*1024',
  seed: 1234,
};

const ask = (stack: Stack, wish: unknown, headers: Readonly<Record<string, string>> = {}) =>
  stack.request('POST', PATH, {
    body: typeof wish === 'string' ? wish : JSON.stringify(wish),
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('image.generate', () => {
  it('answers the minimal request with the picture, its true size, its seed and what it cost', async () => {
    const stack = await startStack();
    const first = await ask(stack, MINIMAL);
    expect(first.status).toBe(200);
    expect(first.json).toMatchObject({
      image_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/blobs\/[0-9a-f]{64}\.png$/),
      width: 1024,
      height: 1024,
      seed: 1234,
      cached: false,
      take: 1,
      model: 'qwen-image-max',
      key: expect.stringMatching(/^k1:[0-9a-f]{32}$/),
      cost: { amount: 0.5, currency: 'CNY' },
      spent: 0.5,
      avoided: 0,
      request_id: first.headers.get('x-request-id'),
    });
    const [image] = first.json.images;
    expect((await bytesAt(first.json.image_url)).byteLength).toBe(image.bytes);
    const second = await ask(stack, MINIMAL);
    expect(second.json).toMatchObject({ cached: true, spent: 0, avoided: 0.5, images: first.json.images });
    expect(second.headers.get('x-cache')).toBe('HIT');
    expect(second.headers.get('age')).toMatch(/^\d+$/);
    expect(second.json.request_id).not.toBe(first.json.request_id);
    expect(stack.asked).toBe(1);
  });

  it('shares its entries with DashScope’s own door, both ways', async () => {
    const stack = await startStack();
    await stack.generate(body('bought at the vendor’s door', { n: 1 }));
    expect((await ask(stack, { prompt: 'bought at the vendor’s door', size: '1024*1024' })).json.cached).toBe(
      true,
    );
    await ask(stack, { prompt: 'bought here', size: '1024x1024', style: '<anime>', negative_prompt: 'rain' });
    const hit = await stack.generate(
      body('bought here', { style: '<anime>', negative_prompt: 'rain', seed: null }),
    );
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(2);
  });

  it('always says how many, to models that would draw four', async () => {
    const stack = await startStack();
    const one = await ask(stack, { prompt: 'one only', size: '1280*1280', model: 'wan2.6-t2i' });
    expect(one.json.images).toHaveLength(1);
    const two = await ask(stack, { prompt: 'two', size: '1280*1280', model: 'wan2.6-t2i', n: 2 });
    expect(two.json.images).toHaveLength(2);
  });

  it('draws with models that the vendor serves as tasks, or in the older shape, only', async () => {
    const stack = await startStack();
    const drawn = await ask(stack, { prompt: 'by task', size: '1024*1024', model: 'wan2.2-t2i-flash' });
    expect([drawn.status, drawn.json.width, drawn.json.images?.length]).toEqual([200, 1024, 1]);
    expect(
      (await ask(stack, { prompt: 'by task', size: '1024*1024', model: 'wan2.2-t2i-flash' })).json.cached,
    ).toBe(true);
  });

  it('edits what reference_image shows, whatever form it comes in', async () => {
    const stack = await startStack();
    const picture = png(32, 32);
    const asData = `data:image/png;base64,${Buffer.from(picture).toString('base64')}`;
    const wish = { prompt: 'make it night', size: '512*512', model: 'qwen-image-edit-plus' };
    const first = await ask(stack, { ...wish, reference_image: asData });
    expect([first.status, first.json.cached]).toEqual([200, false]);
    const again = await ask(stack, { ...wish, reference_image: [asData] });
    expect(again.json.cached).toBe(true);
    const own = await ask(stack, { ...wish, reference_image: first.json.image_url });
    const ownAgain = await ask(stack, {
      ...wish,
      reference_image: first.json.image_url.replace('127.0.0.1', 'localhost'),
    });
    expect([own.json.cached, ownAgain.json.cached]).toEqual([false, true]);
  });

  it('does as the cache directives and the take say', async () => {
    const stack = await startStack();
    const refused = await ask(stack, MINIMAL, { 'cache-control': 'only-if-cached' });
    expect([refused.status, refused.json.code]).toEqual([504, 'not_cached']);
    const first = await ask(stack, MINIMAL);
    const fresh = await ask(stack, MINIMAL, { 'cache-control': 'no-cache' });
    expect([first.json.take, fresh.json.take]).toEqual([1, 2]);
    expect((await ask(stack, { ...MINIMAL, take: 1 })).json).toMatchObject({ take: 1, cached: true });
    const unstored = await ask(stack, MINIMAL, { 'cache-control': 'no-store' });
    expect(unstored.json).toMatchObject({ cached: false, take: null, width: 1024, height: 1024, spent: 0.5 });
    expect(unstored.json.image_url).not.toContain('/blobs/');
  });

  it('tries a simpler prompt once when nothing was drawn, and says so', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({
      on: 'generation',
      times: 1,
      effect: { kind: 'answer', answer: 'no_image' },
    });
    const wish = { prompt: 'A fox. With nine tails.', size: '1024*1024', style: 'noir' };
    const drawn = await ask(stack, wish);
    expect(drawn.json).toMatchObject({ simplified_prompt: 'A fox.', cached: false });
    expect(stack.asked).toBe(2);
    const simple = await ask(stack, { prompt: 'A fox.', size: '1024*1024' });
    expect(simple.json.cached).toBe(true);
    const whole = await ask(stack, wish);
    expect(whole.json.cached).toBe(false);
  });

  it('that draws nothing at all is a problem that nobody retries by itself', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({
      on: 'generation',
      times: 1,
      effect: { kind: 'answer', answer: 'no_image' },
    });
    const answer = await ask(stack, { prompt: 'A fox.', size: '1024*1024' });
    expect([answer.status, answer.json.code]).toEqual([422, 'no_image']);
    expect(stack.asked).toBe(1);
  });
});

describe('a form of image.generate', () => {
  const send = (stack: Stack, form: FormData) => stack.request('POST', PATH, { body: form });

  it('brings the reference image as a file, which is the same picture as its data URI', async () => {
    const stack = await startStack();
    const picture = png(40, 30);
    const form = () => {
      const made = new FormData();
      const words = { prompt: '12', size: '512*512', model: 'qwen-image-edit-plus', seed: '7', n: '1' };
      for (const [name, value] of Object.entries(words)) made.set(name, value);
      made.append('reference_image', new Blob([Uint8Array.from(picture)], { type: 'image/png' }), 'cat.png');
      return made;
    };
    const first = await send(stack, form());
    expect([first.status, first.json.cached, first.json.seed]).toEqual([200, false, 7]);
    expect((await send(stack, form())).json.cached).toBe(true);
    const asJson = {
      prompt: '12',
      size: '512*512',
      model: 'qwen-image-edit-plus',
      seed: 7,
      reference_image: `data:image/png;base64,${Buffer.from(picture).toString('base64')}`,
    };
    expect((await ask(stack, asJson)).json.cached).toBe(true);
    expect(stack.asked).toBe(1);
  });

  it.each([
    ['prompt', (form: FormData) => form.delete('prompt')],
    ['seed', (form: FormData) => form.set('seed', '1.5')],
    ['reference_image', (form: FormData) => form.set('reference_image', new Blob(['text']), 'x.png')],
    ['reference_image', (form: FormData) => form.set('reference_image', new Blob([]), 'x.png')],
    ['prompt', (form: FormData) => form.set('prompt', new Blob(['x']), 'x.txt')],
    ['colour', (form: FormData) => form.set('colour', 'red')],
  ])('is refused for its %s', async (field, spoil) => {
    const stack = await startStack();
    const form = new FormData();
    form.set('prompt', 'x');
    form.set('size', '1024*1024');
    spoil(form);
    const answer = await send(stack, form);
    expect([answer.status, answer.json.field]).toEqual([400, field]);
    expect(stack.asked).toBe(0);
  });
});

describe('a task of image.generate', () => {
  const ASYNC = { prefer: 'respond-async, wait=10' };

  it('is answered at once and shows its result when it has one', async () => {
    const stack = await startStack();
    const { fault } = stack.simulator.control;
    const held = fault({ on: 'generation', times: 1, effect: { kind: 'hold' } });
    const taken = await ask(stack, MINIMAL, ASYNC);
    expect(taken.status).toBe(202);
    expect(taken.headers.get('preference-applied')).toBe('respond-async');
    expect(taken.json).toEqual({
      task_id: expect.any(String),
      status: 'queued',
      request_id: taken.headers.get('x-request-id'),
    });
    const path = taken.headers.get('location') ?? '';
    const show = () => stack.request('GET', path);
    await stack.simulator.control.waitFor('generation', 1);
    expect((await show()).json).toMatchObject({ task_id: taken.json.task_id, status: 'running' });
    const waiting = ask(stack, MINIMAL);
    held.release();
    const drawn = await waiting;
    // The request that joined is answered when the flight has landed; the task's end is written in the same turn.
    await expect.poll(async () => (await show()).json.status).toBe('succeeded');
    expect((await show()).json.result).toMatchObject({
      image_url: drawn.json.image_url,
      cached: false,
      spent: null,
      seed: 1234,
    });
    const hit = await ask(stack, MINIMAL, ASYNC);
    const done = await stack.request('GET', hit.headers.get('location') ?? '');
    expect(done.json).toMatchObject({
      status: 'succeeded',
      result: { cached: true, spent: 0, avoided: 0.5 },
    });
    expect(stack.asked).toBe(1);
  });

  it('that failed shows the problem', async () => {
    const stack = await startStack();
    const effect = { kind: 'refuse', status: 400, code: 'DataInspectionFailed' } as const;
    stack.simulator.control.fault({ on: 'generation', times: 1, effect });
    const taken = await ask(stack, MINIMAL, ASYNC);
    const show = () => stack.request('GET', taken.headers.get('location') ?? '');
    await expect.poll(async () => (await show()).json.status).toBe('failed');
    expect((await show()).json.error).toMatchObject({
      code: 'upstream_refused',
      upstream_code: 'DataInspectionFailed',
    });
  });

  it('that the vendor refused, or whose outcome nobody knows, is not advised to be tried again', async () => {
    const stack = await startStack();
    const effects = [
      { kind: 'refuse', status: 400, code: 'DataInspectionFailed' },
      { kind: 'reset' },
    ] as const;
    const errors = [];
    for (const effect of effects) {
      stack.simulator.control.fault({ on: 'generation', times: 1, effect });
      const taken = await ask(stack, MINIMAL, ASYNC);
      const show = () => stack.request('GET', taken.headers.get('location') ?? '');
      await expect.poll(async () => (await show()).json.status).toBe('failed');
      errors.push((await show()).json.error);
    }
    expect(errors.map(({ detail }) => /retry/i.test(detail))).toEqual([false, false]);
    expect(errors[1].code).toBe('outcome_unknown');
  });

  it('that everybody shares is shown only to keys that the vendor has accepted', async () => {
    const stack = await startStack({ DASHCACHE_AUTH: 'passthrough', DASHCACHE_SCOPE: 'shared' });
    const taken = await ask(stack, MINIMAL, ASYNC);
    const show = (key: string) =>
      stack.request('GET', taken.headers.get('location') ?? '', {
        headers: { authorization: `Bearer ${key}` },
      });
    await expect.poll(async () => (await show('sk-somebody-else')).json.status).toBe('succeeded');
    const stranger = await show('sk-invalid');
    expect([stranger.status, stranger.json.code]).toEqual([401, 'upstream_refused']);
  });

  it.each([
    ['at once', 'wan2.5-i2i-preview', 401],
    ['in the task', 'qwen-image-edit-plus', 202],
  ])('whose file the vendor will not take tells its refusal: %s', async (_, model, status) => {
    const stack = await startStack();
    const { name } = await uploadFile(stack.origin, { model, bytes: png(400, 300), key: API_KEY });
    const effect = { kind: 'refuse', status: 401, code: 'InvalidApiKey' } as const;
    stack.simulator.control.fault({ on: 'policy', effect });
    const wish = { prompt: 'make it night', size: '1024*1024', model, reference_image: name };
    const taken = await ask(stack, wish, ASYNC);
    expect(taken.status).toBe(status);
    const show = async () => (await stack.request('GET', taken.headers.get('location') ?? '')).json;
    if (status === 202) await expect.poll(async () => (await show()).status).toBe('failed');
    const problem = status === 202 ? (await show()).error : taken.json;
    expect(problem).toMatchObject({ code: 'upstream_refused', upstream_code: 'InvalidApiKey' });
    expect(stack.asked).toBe(0);
  });

  it('that nobody knows is not found', async () => {
    const stack = await startStack();
    const answer = await stack.request('GET', `${PATH}/tasks/nobody`);
    expect([answer.status, answer.json.code]).toEqual([404, 'not_found']);
  });
});

describe('a refusal of image.generate', () => {
  it('is problem+json with the advice of the seed document', async () => {
    const stack = await startStack();
    const answer = await ask(stack, { prompt: 'x', size: '12' });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: expect.stringMatching(/The field size must be W\*H.*common size/),
      code: 'invalid_request',
      field: 'size',
      request_id: answer.headers.get('x-request-id'),
    });
    expect(stack.asked).toBe(0);
  });

  it.each([
    ['{', 400, 'invalid_json', undefined],
    [{ ...MINIMAL, reference_image: 'iVBORw0KGgo'.repeat(10) }, 400, 'reference_refused', 'reference_image'],
    [{ ...MINIMAL, reference_image: 'http://10.0.0.1/x.png' }, 400, 'reference_refused', 'reference_image'],
    [
      { ...MINIMAL, reference_image: 'data:image/png;base64,AAAA' },
      400,
      'reference_unavailable',
      'reference_image',
    ],
    [
      { ...MINIMAL, reference_image: ['data:image/png;base64,AAAA', 'https://a.example/'] },
      400,
      'reference_unavailable',
      'reference_image[0]',
    ],
  ])('of %j comes before anything is paid', async (wish, status, code, field) => {
    const stack = await startStack();
    const answer = await ask(stack, wish);
    expect([answer.status, answer.json.code, answer.json.field]).toEqual([status, code, field]);
    expect(stack.asked).toBe(0);
  });

  it('of the vendor’s tells its code and its words', async () => {
    const stack = await startStack();
    const answer = await ask(stack, { ...MINIMAL, model: 'qwen-image', n: 9, size: '1328*1328' });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'upstream_refused', upstream_code: 'InvalidParameter' });
  });

  it('of a method or a type says what is taken', async () => {
    const stack = await startStack();
    const got = await stack.request('GET', PATH);
    expect([got.status, got.headers.get('allow'), got.json.code]).toEqual([
      405,
      'POST',
      'method_not_allowed',
    ]);
    const typed = await ask(stack, 'prompt=x', { 'content-type': 'text/plain' });
    expect([typed.status, typed.json.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('of a key that is missing or refused by the vendor is 401', async () => {
    const stack = await startStack({ DASHCACHE_AUTH: 'passthrough', DASHCACHE_SCOPE: 'shared' });
    const none = await ask(stack, MINIMAL, { authorization: '' });
    expect([none.status, none.json.code]).toEqual([401, 'unauthorized']);
    expect(none.json.detail).toMatch(/credentials/);
    await ask(stack, MINIMAL);
    const stranger = await ask(stack, MINIMAL, { authorization: 'Bearer sk-invalid' });
    expect([stranger.status, stranger.json.code]).toEqual([401, 'upstream_refused']);
    expect((await ask(stack, MINIMAL, { authorization: `Bearer ${API_KEY}` })).json.cached).toBe(true);
    expect(stack.asked).toBeGreaterThan(0);
  });
});
