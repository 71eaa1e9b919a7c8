import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import OpenAI, { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { dataUri, edit, startAssets } from '../../support/clients/assets.ts';
import { base64At, openAi, refusal } from '../../support/clients/openai.ts';
import { jpeg, png } from '../../support/data/sample-images.ts';
import { imageUrls, type Stack } from '../../support/servers/stack.ts';
import { startStack } from '../../support/servers/start-stack.ts';

const PROMPT = 'from steel to copper';
const PNG = png(400, 300, (row) => row % 251);
const OTHER = png(400, 300, (row) => (row * 7) % 251);
const EDIT = { prompt: PROMPT, size: '512x512' };

/** A file as a browser or a script has it: by a name that does not tell what is in it. */
const file = (bytes: Uint8Array, name = 'picture') => toFile(bytes, name);

const postJson = (stack: Stack, body: object) =>
  stack.request('POST', '/v1/images/edits', {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

describe('images.edit of the openai package', () => {
  it('edits one picture, and finds the same edit at the vendor’s door', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const { data } = await client.images.edit({ ...EDIT, image: await file(PNG) });
    const hit = await stack.generate(edit(dataUri('image/png', PNG)));
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(imageUrls(hit)).toEqual(data?.map(({ url }) => url));
    expect(stack.asked).toBe(1);
  });

  it('edits several in their order, from a file on disk too', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const path = join(stack.folder, 'first.png');
    await writeFile(path, PNG);
    const bought = await stack.generate(edit(dataUri('image/png', PNG), dataUri('image/png', OTHER)));
    const { data, response } = await client.images
      .edit({ ...EDIT, image: [createReadStream(path), await file(OTHER)], response_format: 'b64_json' })
      .withResponse();
    expect(response.headers.get('x-cache')).toBe('HIT');
    expect(data.data?.map(({ b64_json }) => b64_json)).toEqual(
      await Promise.all(imageUrls(bought).map(base64At)),
    );
    const swapped = await client.images
      .edit({ ...EDIT, image: [await file(OTHER), await file(PNG)] })
      .withResponse();
    expect(swapped.response.headers.get('x-cache')).toBe('MISS');
    expect(stack.asked).toBe(2);
  });

  it('sends the vendor what the file really is, whatever it is called', async () => {
    const stack = await startStack();
    await openAi(stack).images.edit({
      ...{ seed: 7, watermark: true },
      prompt: PROMPT,
      image: await toFile(jpeg(400, 400), 'a.png', { type: 'image/png' }),
      n: 2,
      size: 'auto',
      quality: 'high',
      input_fidelity: 'high',
    });
    const sent = JSON.parse(stack.simulator.control.recent('generation').at(-1)?.body ?? '');
    expect(sent).toEqual({
      model: 'qwen-image-edit-plus',
      parameters: { watermark: true, seed: 7, n: 2 },
      input: {
        messages: [
          {
            role: 'user',
            content: [{ image: dataUri('image/jpeg', jpeg(400, 400)) }, { text: PROMPT }],
          },
        ],
      },
    });
  });

  it('streams', async () => {
    const stack = await startStack();
    const stream = await openAi(stack).images.edit({ ...EDIT, image: await file(PNG), stream: true });
    const types: string[] = [];
    for await (const { type } of stream) types.push(type);
    expect(types).toEqual(['image_edit.completed']);
  });

  it('takes JSON with URLs as well: the same edit', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    assets.serve('/a.png', PNG);
    const bought = await postJson(stack, { ...EDIT, image: assets.at('/a.png') });
    expect(bought.status).toBe(200);
    const { data } = await openAi(stack).images.edit({ ...EDIT, image: await file(PNG) });
    expect(data?.[0]?.url).toBe(bought.json.data[0].url);
    expect(stack.asked).toBe(1);
  });
});

describe('an edit that cannot be made costs nothing', () => {
  it('names the part at fault', async () => {
    const stack = await startStack({ DASHCACHE_MAX_IMAGE: '200KiB' });
    const client = openAi(stack);
    const image = await file(PNG);
    const words = await file(new TextEncoder().encode('words'));
    const problems = await Promise.all(
      [
        client.images.edit({ ...EDIT, image, mask: image }),
        client.images.edit({ ...EDIT, image: words }),
        client.images.edit({ ...EDIT, image: [image, words] }),
        client.images.edit({ ...EDIT, image, background: 'transparent' }),
        client.images.edit({ ...EDIT, image, model: 'gpt-image-1' }),
        client.images.edit({ ...EDIT, image: await file(new Uint8Array(201 * 1024)) }),
      ].map(refusal),
    );
    expect(problems.map(({ status, param }) => [status, param])).toEqual([
      [400, 'mask'],
      [400, 'image'],
      [400, 'image[]'],
      [400, 'background'],
      [404, 'model'],
      [413, 'image'],
    ]);
    expect(problems[0]).toBeInstanceOf(OpenAI.BadRequestError);
    expect(stack.asked).toBe(0);
  });

  it('also as JSON, and as neither', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    const refused = async (image: unknown) => {
      const { status, json } = await postJson(stack, { ...EDIT, image });
      return [status, json.error.param, json.error.code];
    };
    expect(await refused(undefined)).toEqual([400, 'image', 'invalid_value']);
    expect(await refused(assets.at('/nowhere.png'))).toEqual([400, 'image', 'reference_unavailable']);
    expect(await refused([dataUri('image/png', PNG), 'http://10.0.0.1/a.png'])).toEqual([
      400,
      'image[1]',
      'reference_refused',
    ]);
    expect(await refused(Buffer.from(PNG).toString('base64'))).toEqual([400, 'image', 'reference_refused']);
    const other = await stack.request('POST', '/v1/images/edits', {
      body: 'prompt=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([other.status, other.json.error.param]).toEqual([415, 'Content-Type']);
    const cut = await stack.request('POST', '/v1/images/edits', {
      body: '--b0\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na boat',
      headers: { 'content-type': 'multipart/form-data; boundary=b0' },
    });
    expect([cut.status, cut.json.error.message]).toEqual([400, 'The form is cut off or malformed.']);
    expect(stack.asked).toBe(0);
  });
});
