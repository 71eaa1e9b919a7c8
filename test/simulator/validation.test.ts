import { createServer, type RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { field, imageUrls, post, recipe, refusalOf, startTestSimulator } from './support.ts';

const text = [{ text: 'A chair' }];
const pixel = { image: 'data:image/png;base64,iVBORw0KGgo=' };
const message = (content: unknown) => ({ messages: [{ role: 'user', content }] });

describe('requests are refused as the vendor refuses them', () => {
  test.each<[string, unknown, number, string, string | RegExp]>([
    ['no JSON', '{"model":', 400, 'InvalidParameter', /body/],
    ['an array', '[]', 400, 'InvalidParameter', /body/],
    ['no model', { input: {}, parameters: {} }, 400, 'BadRequest.EmptyModel', /model/],
    ['no input', { model: 'qwen-image', parameters: {} }, 400, 'BadRequest.EmptyInput', /input/],
    [
      'no parameters',
      { model: 'qwen-image', input: message(text) },
      400,
      'BadRequest.EmptyParameters',
      /param/,
    ],
    [
      'no messages',
      { model: 'qwen-image', input: { prompt: 'a' }, parameters: {} },
      400,
      'InvalidParameter',
      /input\.messages/,
    ],
    ['no text', recipe({}, 'qwen-image-edit', [pixel]), 400, 'InvalidParameter', /text/],
    ['two texts', recipe({}, 'qwen-image', [...text, ...text]), 400, 'InvalidParameter', /one/],
    ['an unknown model', recipe({}, 'constructor'), 404, 'ModelNotFound', 'Model can not be found.'],
    [
      'a task model',
      recipe({}, 'wan2.5-t2i-preview'),
      400,
      'InvalidParameter',
      'url error, please check url!',
    ],
    [
      'an edit without a picture',
      recipe({}, 'qwen-image-edit', text),
      400,
      'InvalidParameter',
      'For image editing, the message must contain 1~3 image content items. Got 0 image items.',
    ],
    [
      'four pictures to edit',
      recipe({}, 'qwen-image-edit', [pixel, pixel, pixel, pixel, ...text]),
      400,
      'InvalidParameter',
      /Got 4/,
    ],
    [
      'a picture for z-image',
      recipe({}, 'z-image-turbo', [pixel, ...text]),
      400,
      'InvalidParameter',
      /Got 1/,
    ],
    ['n as text', recipe({ n: '1' }), 400, 'InvalidParameter', 'num_images_per_prompt must be 1'],
    ['n = 7', recipe({ n: 7 }, 'qwen-image-2.0'), 400, 'InvalidParameter', 'n must be an integer in [1, 6]'],
    ['n = 0', recipe({ n: 0 }, 'wan2.6-t2i'), 400, 'InvalidParameter', /n must/],
    ['a negative seed', recipe({ seed: -1 }), 400, 'InvalidParameter', /seed/],
    ['a seed too large', recipe({ seed: 2147483648 }), 400, 'InvalidParameter', /seed/],
    ['a flag as text', recipe({ watermark: 'no' }), 400, 'InvalidParameter', /watermark/],
    ['an x in the size', recipe({ size: '1024x1024' }), 400, 'InvalidParameter', /size/],
    [
      'a size off the list',
      recipe({ size: '1024*1024' }, 'qwen-image-plus'),
      400,
      'InvalidParameter',
      /1664\*928/,
    ],
    ['a size too large', recipe({ size: '2049*2048' }), 400, 'InvalidParameter', /pixels/],
    [
      'a side too short',
      recipe({ size: '511*1024' }, 'qwen-image-edit-plus', [pixel, ...text]),
      400,
      'InvalidParameter',
      /512/,
    ],
    ['a ratio too long', recipe({ size: '300*2600' }, 'wan2.7-image'), 400, 'InvalidParameter', /ratio/],
    ['a short name it lacks', recipe({ size: '4K' }, 'wan2.7-image'), 400, 'InvalidParameter', /size/],
    [
      'base64 that is none',
      recipe({}, 'qwen-image-edit', [{ image: 'data:image/png;base64,iVB*' }, ...text]),
      400,
      'InvalidParameter.DataInspection',
      /download/,
    ],
    [
      'bytes that are no picture',
      recipe({}, 'qwen-image-edit', [{ image: 'data:image/png;base64,aGVsbG8=' }, ...text]),
      400,
      'BadRequest.UnsupportedFileFormat',
      /format/,
    ],
    [
      'a bare word as picture',
      recipe({}, 'qwen-image-edit', [{ image: 'iVBORw0KGgo=' }, ...text]),
      400,
      'InvalidURL',
      /URL/,
    ],
    [
      'an upload without the resolve header',
      recipe({}, 'qwen-image-edit', [{ image: 'oss://dashscope-instant/a/b.png' }, ...text]),
      400,
      'InvalidURL',
      /URL/,
    ],
  ])('%s', async (_, body, status, code, wording) => {
    const { origin, control } = await startTestSimulator();
    const refusal = await refusalOf(await post(origin, body));
    expect(refusal).toMatchObject({ status, code });
    if (typeof wording === 'string') expect(refusal.message).toBe(wording);
    else expect(refusal.message).toMatch(wording);
    expect(control.counters().billedImages).toBe(0);
  });

  test('the key is checked before the body', async () => {
    const { origin } = await startTestSimulator({ apiKeys: ['sk-mine'] });
    expect(await refusalOf(await post(origin, 'nonsense'))).toMatchObject({
      status: 401,
      message: 'Invalid API-key provided.',
    });
    const anonymous = await post(origin, recipe(), { headers: { authorization: 'Basic eDp5' } });
    expect(await refusalOf(anonymous)).toMatchObject({ status: 401, message: 'No API-key provided.' });
    expect((await post(origin, recipe(), { key: 'sk-mine' })).status).toBe(200);
  });

  test('a body over the bound is 413', async () => {
    const { origin } = await startTestSimulator({ maxBodyBytes: 100 });
    expect(await refusalOf(await post(origin, recipe({ padding: 'x'.repeat(100) })))).toMatchObject({
      status: 413,
      code: 'BadRequest.TooLarge',
    });
  });

  test('synchronous models refuse the async header', async () => {
    const { origin } = await startTestSimulator();
    const response = await post(origin, recipe(), { headers: { 'X-DashScope-Async': 'enable' } });
    expect(await refusalOf(response)).toMatchObject({
      status: 403,
      code: 'AccessDenied',
      message: 'current user api does not support asynchronous calls',
    });
  });

  test('an unknown service is a url error', async () => {
    const { origin } = await startTestSimulator();
    const response = await post(origin, {}, { path: '/api/v1/services/aigc/nothing/here' });
    expect(await refusalOf(response)).toMatchObject({ status: 400, message: 'url error, please check url!' });
  });
});

describe('what the vendor tolerates is tolerated', () => {
  test('nulls, noise, unknown parameters, trailing slashes, a plain string as content', async () => {
    const { origin } = await startTestSimulator();
    const noise = {
      n: null,
      seed: null,
      size: null,
      stream: true,
      is_async: true,
      result_format: 'message',
      x: [1],
    };
    const body = { model: 'qwen-image-max', parameters: noise, input: message('A chair') };
    const path = '/api/v1/services/aigc/multimodal-generation/generation/';
    expect(await imageUrls(await post(origin, body, { path }))).toHaveLength(1);
  });

  test.each([
    ['wan2.6-t2i', {}, 4],
    ['wan2.7-image', {}, 1],
    ['wan2.7-image', { enable_sequential: true, n: 3 }, 2],
    ['qwen-image-2.0-pro-2026-04-22', { n: 6, size: '512*512' }, 6],
    ['z-image-turbo', { n: 3 }, 1],
  ])('%s with %o draws %i', async (model, parameters, count) => {
    const { origin, control } = await startTestSimulator();
    expect(await imageUrls(await post(origin, recipe(parameters, model)))).toHaveLength(count);
    expect(control.counters().billedImages).toBe(count);
  });

  test('n pictures are n choices for wan2.6, one choice for the others', async () => {
    const { origin } = await startTestSimulator();
    const choices = async (model: string, parameters: Readonly<Record<string, unknown>>) => {
      const found = field(await (await post(origin, recipe(parameters, model))).json(), 'output.choices');
      return Array.isArray(found) ? found.length : 0;
    };
    expect(await choices('wan2.6-t2i', { n: 3 })).toBe(3);
    expect(await choices('qwen-image-3.0', { n: 3 })).toBe(1);
    expect(await choices('wan2.7-image', { n: 3 })).toBe(1);
  });

  test('an edit without a size follows its last reference', async () => {
    const { origin } = await startTestSimulator();
    const wide = (await imageUrls(await post(origin, recipe({ size: '1536*768' }))))[0];
    const body = recipe({}, 'qwen-image-edit', [pixel, { image: wide }, ...text]);
    const answer: unknown = await (await post(origin, body)).json();
    expect(field(answer, 'usage.width')).toBe(1456);
    expect(field(answer, 'usage.height')).toBe(720);
  });

  test('sides of edits are rounded to sixteen', async () => {
    const { origin } = await startTestSimulator();
    const body = recipe({ size: '1030*1020' }, 'qwen-image-edit-plus', [pixel, ...text]);
    expect(field(await (await post(origin, body)).json(), 'usage')).toMatchObject({
      width: 1024,
      height: 1024,
    });
  });
});

describe('references by URL are downloaded for real', () => {
  async function serveReference(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    return typeof address === 'object' ? `http://127.0.0.1:${address?.port}/chair.png` : '';
  }
  const edit = (image: string) => recipe({}, 'qwen-image-edit', [{ image }, ...text]);

  test('a missing one is a failed download', async () => {
    const { origin } = await startTestSimulator();
    const url = await serveReference((_, outgoing) => outgoing.writeHead(404).end());
    expect(await refusalOf(await post(origin, edit(url)))).toMatchObject({
      status: 400,
      code: 'BadRequest.InputDownloadFailed',
    });
  });

  test('one beyond ten megabytes is refused', async () => {
    const { origin } = await startTestSimulator();
    const url = await serveReference((_, outgoing) => outgoing.end(Buffer.alloc(10 * 1024 * 1024 + 1)));
    expect(await refusalOf(await post(origin, edit(url)))).toMatchObject({
      status: 400,
      message: expect.stringContaining('10MB'),
    });
  });

  test('one that does not come within ten seconds is a failed download', async () => {
    const { systemClock } = await import('../../src/adapters/system/clock.ts');
    const slept: number[] = [];
    const clock = { ...systemClock, sleep: async (ms: number) => void slept.push(ms) };
    const { origin } = await startTestSimulator({ clock });
    const url = await serveReference(() => {
      // Never answers.
    });
    expect(await refusalOf(await post(origin, edit(url)))).toMatchObject({
      code: 'BadRequest.InputDownloadFailed',
    });
    expect(slept).toEqual([10_000]);
  });
});
