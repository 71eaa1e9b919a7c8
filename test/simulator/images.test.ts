import { describe, expect, test } from 'vitest';
import { decodePng, firstImageUrl, imageUrls, post, recipe, startTestSimulator } from './support.ts';

async function download(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  const response = await fetch(url, { headers });
  expect(response.ok).toBe(true);
  return Buffer.from(await response.arrayBuffer());
}

const small = { size: '512*520', seed: 7 };
const pixel = 'data:image/png;base64,iVBORw0KGgo=';

describe('result pictures', () => {
  test('are PNGs of exactly the requested size, with something in them', async () => {
    const { origin } = await startTestSimulator();
    for (const size of ['1664*928', '513*517']) {
      const file = await download(await firstImageUrl(await post(origin, recipe({ size }))));
      const { width, height, pixels } = decodePng(file);
      expect(`${width}*${height}`).toBe(size);
      expect(new Set(pixels).size).toBeGreaterThan(50);
    }
  });

  test('are the same bytes for the same recipe and seed, in another simulator too', async () => {
    const draw = async () => {
      const { origin } = await startTestSimulator();
      return download(await firstImageUrl(await post(origin, recipe(small))));
    };
    expect((await draw()).equals(await draw())).toBe(true);
  });

  test('are painted again, the same, when memory keeps none of them', async () => {
    const { origin } = await startTestSimulator({ maxImageBytes: 0 });
    const url = await firstImageUrl(await post(origin, recipe(small)));
    expect((await download(url)).equals(await download(url))).toBe(true);
  });

  test('differ by prompt, model, seed, size, reference, negative prompt and index', async () => {
    const { origin } = await startTestSimulator();
    const edit = (content: readonly unknown[], extras = {}) =>
      recipe({ size: '512*512', seed: 7, ...extras }, 'qwen-image-2.0', content);
    const bodies = [
      recipe(small),
      recipe({ ...small, seed: 8 }),
      recipe({ ...small, size: '520*512' }),
      recipe({ ...small, negative_prompt: 'grain' }),
      recipe({ ...small, watermark: true }),
      recipe(small, 'qwen-image-max-2025-12-30'),
      recipe(small, 'qwen-image-max', [{ text: 'A red kite' }]),
      edit([{ text: 'a' }]),
      edit([{ text: 'a' }, { image: pixel }]),
      edit([{ text: 'a' }, { image: pixel }, { image: 'data:image/gif;base64,R0lGODlh' }]),
      edit([{ text: 'b' }], { n: 3 }),
    ];
    const files = new Set<string>();
    let drawn = 0;
    for (const body of bodies) {
      for (const url of await imageUrls(await post(origin, body))) {
        files.add((await download(url)).toString('latin1'));
        drawn++;
      }
    }
    expect(drawn).toBe(13);
    expect(files.size).toBe(drawn);
  });

  test('differ without a seed', async () => {
    const { origin } = await startTestSimulator();
    const draw = async () => download(await firstImageUrl(await post(origin, recipe({ size: '512*512' }))));
    expect((await draw()).equals(await draw())).toBe(false);
  });

  test('do not differ beyond what the model reads of the prompt', async () => {
    const { origin } = await startTestSimulator();
    const draw = async (tail: string) => {
      const content = [{ text: `${'🪁'.repeat(800)}${tail}` }];
      return download(await firstImageUrl(await post(origin, recipe(small, 'qwen-image-max', content))));
    };
    expect((await draw('')).equals(await draw('and more'))).toBe(true);
  });
});

describe('result URLs', () => {
  test('serve ranges', async () => {
    const { origin } = await startTestSimulator();
    const url = await firstImageUrl(await post(origin, recipe(small)));
    const whole = await download(url);
    expect((await download(url, { range: 'bytes=10-19' })).equals(whole.subarray(10, 20))).toBe(true);
    expect((await download(url, { range: 'bytes=-5' })).equals(whole.subarray(-5))).toBe(true);
    const rest = await fetch(url, { headers: { range: 'bytes=100-' } });
    expect(rest.status).toBe(206);
    expect(rest.headers.get('content-range')).toBe(`bytes 100-${whole.length - 1}/${whole.length}`);
    expect((await download(url, { range: `bytes=${whole.length}-` })).equals(whole)).toBe(true);
  });

  test('refuse another verb, another expiry, another object, and no signature at all', async () => {
    const { origin } = await startTestSimulator();
    const url = await firstImageUrl(await post(origin, recipe(small)));
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(403);
    const forged = new URL(url);
    forged.searchParams.set('Expires', '1999999999');
    const mismatch = await fetch(forged);
    expect(mismatch.status).toBe(403);
    expect(await mismatch.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
    const bare = await fetch(url.split('?')[0] ?? '');
    expect(bare.status).toBe(403);
    expect(await bare.text()).toContain('<Code>AccessDenied</Code>');
    const elsewhere = await fetch(url.replace('.png', '0.png'));
    expect(await elsewhere.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
  });

  test('refuse a second proof beside the signature', async () => {
    const { origin } = await startTestSimulator();
    const url = await firstImageUrl(await post(origin, recipe(small)));
    const response = await fetch(url, { headers: { authorization: 'Bearer sk-test' } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('<Code>InvalidArgument</Code>');
  });

  test('point where the simulator is reached from', async () => {
    const { origin } = await startTestSimulator({ publicOrigin: () => 'https://pictures.example/' });
    expect(await firstImageUrl(await post(origin, recipe(small)))).toMatch(
      /^https:\/\/pictures\.example\/7d\//,
    );
  });
});
