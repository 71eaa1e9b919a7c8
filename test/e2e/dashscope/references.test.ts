import { describe, expect, it } from 'vitest';
import { uploadFile } from '../../simulator/upload-support.ts';
import { dataUri, edit, startAssets } from '../../support/clients/assets.ts';
import { countEntries, readPurchases } from '../../support/data/rows.ts';
import { jpeg, png } from '../../support/data/sample-images.ts';
import { API_KEY, body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const PNG = png(400, 300, (row) => row % 251);
const OTHER = png(400, 300, (row) => (row * 7) % 251);

/** The body of the last generation that upstream was asked for. */
function lastSent(stack: Stack): string {
  return stack.simulator.control.recent('generation').at(-1)?.body ?? '';
}

describe('a reference picture counts by its bytes', () => {
  it('as data URI, at a URL and as a blob of ours it is one recipe, bought once', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    const [blobUrl = ''] = imageUrls(await stack.generate(body('to be edited', SMALL)));
    const bytes = await bytesAt(blobUrl);
    assets.serve('/a.png', bytes);
    assets.serve('/b', bytes);

    const miss = await stack.generate(edit(dataUri('image/png', bytes)));
    expect(miss.headers.get('cache-status')).toContain('; stored;');
    for (const reference of [
      assets.at('/a.png'),
      assets.at('/b?x=1'),
      blobUrl,
      blobUrl.replace('.png', ''),
    ]) {
      const hit = await stack.generate(edit(reference));
      expect(hit.headers.get('x-cache')).toBe('HIT');
      expect(imageUrls(hit)).toEqual(imageUrls(miss));
    }
    expect(stack.asked).toBe(2);
  });

  it('a blob of ours is known by every name of this machine', async () => {
    const stack = await startStack();
    const [blobUrl = ''] = imageUrls(await stack.generate(body('named', SMALL)));
    const { port, pathname } = new URL(blobUrl);
    await stack.generate(edit(blobUrl));
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const hit = await stack.generate(edit(`http://${host}:${port}${pathname}`));
      expect(hit.headers.get('x-cache')).toBe('HIT');
    }
    // Another server on this machine is none of ours.
    expect((await stack.generate(edit(`http://localhost:1${pathname}`))).status).toBe(400);
    expect(stack.asked).toBe(2);
  });

  it('what stands behind a URL is looked at each time: other bytes are another picture', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    assets.serve('/changing.png', PNG);
    await stack.generate(edit(assets.at('/changing.png')));
    assets.serve('/changing.png', OTHER);
    expect((await stack.generate(edit(assets.at('/changing.png')))).headers.get('x-cache')).toBe('MISS');
    expect(stack.asked).toBe(2);
  });

  it('the order of several counts; whether the text comes first or last does not', async () => {
    const stack = await startStack();
    const [a, b] = [dataUri('image/png', PNG), dataUri('image/png', OTHER)];
    const { input, ...rest } = edit(a, b);
    const [message] = input.messages;
    const [first, second, text] = message?.content ?? [];
    await stack.generate(edit(a, b));
    for (const content of [
      [text, first, second],
      [first, text, second],
    ]) {
      const moved = { ...rest, input: { messages: [{ ...message, content }] } };
      expect((await stack.generate(moved)).headers.get('x-cache')).toBe('HIT');
    }
    expect((await stack.generate(edit(b, a))).headers.get('x-cache')).toBe('MISS');
    expect(stack.asked).toBe(2);
  });

  it('an oss:// name of the vendor’s counts by its name, and the header that lets it be read goes upstream', async () => {
    const stack = await startStack();
    const resolve = { 'x-dashscope-ossresourceresolve': 'enable' };
    const model = edit().model;
    const upload = () => uploadFile(stack.simulator.origin, { model, bytes: PNG, key: API_KEY });
    const [{ name }, other] = [await upload(), await upload()];
    const miss = await stack.generate(edit(name), resolve);
    expect(miss.headers.get('cache-status')).toContain('; stored;');
    const [sent] = stack.simulator.control.recent('generation');
    expect(sent?.headers).toMatchObject(resolve);
    expect(sent?.body).toBe(JSON.stringify(edit(name)));
    expect((await stack.generate(edit(name), resolve)).headers.get('x-cache')).toBe('HIT');
    expect((await stack.generate(edit(other.name), resolve)).headers.get('x-cache')).toBe('MISS');
    expect(stack.asked).toBe(2);
  });
});

describe('what was hashed is what is sent', () => {
  const spelled = (reference: string) =>
    ` {"zeta": 1.50e0, "input":{"messages":[ {"content":[{"image":${JSON.stringify(reference)} },\t{"text":"caf\\u00e9 /\\/"}],"role":"user"}]},\r\n"parameters":{"size":null,"n":1,"watermark" : false,"odd":[1E2,-0.0,{"b":2,"a":[]}]},"model":"qwen-image-edit-plus"}\n`;

  it('a picture that we fetched goes as those bytes, all else byte for byte as it came', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    assets.serve('/a.jpg', jpeg(640, 480));
    const answer = await stack.generate(spelled(assets.at('/a.jpg')));
    expect(answer.headers.get('cache-status')).toContain('; stored;');
    expect(lastSent(stack)).toBe(spelled(dataUri('image/jpeg', jpeg(640, 480))));
    expect(assets.asked('/a.jpg')).toBe(1);
  });

  it('so does a blob of ours', async () => {
    const stack = await startStack();
    const [url = ''] = imageUrls(await stack.generate(body('to be sent', SMALL)));
    await stack.generate(spelled(url));
    expect(lastSent(stack)).toBe(spelled(dataUri('image/png', await bytesAt(url))));
  });

  it("a data URI and everything beside it go as they came, the client's own spelling included", async () => {
    const stack = await startStack();
    const text = spelled(dataUri('image/png', PNG)).replaceAll('data:image', 'data:\\u0069mage');
    const answer = await stack.generate(text);
    expect(answer.headers.get('cache-status')).toContain('; stored;');
    expect(lastSent(stack)).toBe(text);
  });

  it('a body that gives one name twice goes as the last of them, as it was read', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    assets.serve('/last.png', PNG);
    const wanted = JSON.stringify(edit(assets.at('/last.png')));
    const twice = wanted.replace('"image":', '"image":"https://first.invalid/x.png","image":');
    expect(twice).not.toBe(wanted);
    const answer = await stack.generate(twice);
    expect(answer.headers.get('cache-status')).toContain('; stored;');
    expect(lastSent(stack)).toBe(JSON.stringify(edit(dataUri('image/png', PNG))));
    expect((await stack.generate(wanted)).headers.get('x-cache')).toBe('HIT');
  });
});

describe('references that no door takes', () => {
  it.each([
    ['plain base64', Buffer.from(PNG).toString('base64')],
    ['a file', 'file:///etc/passwd'],
    ['ftp', 'ftp://example.com/a.png'],
    ['a path', '/home/me/cat.png'],
    ['nothing', ''],
    ['a data URI that is not base64', 'data:image/svg+xml,%3Csvg/%3E'],
    ['loopback', 'http://127.0.0.1:9/a.png'],
    ['loopback by name', 'http://localhost:9/a.png'],
    ['loopback in IPv6', 'http://[::1]:9/a.png'],
    ['loopback as one number', 'http://2130706433/a.png'],
    ['loopback mapped into IPv6', 'http://[::ffff:127.0.0.1]/a.png'],
    ['metadata', 'http://169.254.169.254/latest/meta-data'],
    ["the vendor's metadata", 'http://100.100.100.200/latest/meta-data'],
    ['private', 'http://10.0.0.1/a.png'],
    ['any address', 'http://0.0.0.0/a.png'],
    ['credentials', 'http://user:secret@127.0.0.1/a.png'],
  ])('%s is a 400 that names the field, before anything is paid', async (_, reference) => {
    const stack = await startStack();
    const answer = await stack.generate(edit(dataUri('image/png', PNG), reference));
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      code: 'InvalidURL',
      message: expect.stringContaining('input.messages[0].content[1].image'),
      request_id: answer.headers.get('x-request-id'),
    });
    expect(answer.text).not.toContain('secret');
    expect(stack.asked).toBe(0);
    expect(readPurchases(stack)).toEqual([]);
  });

  it('one that redirects to a private address is refused likewise', async () => {
    const assets = await startAssets();
    const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
    assets.redirect('/hop', 'http://169.254.169.254/latest');
    const answer = await stack.generate(edit(assets.at('/hop')));
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe('InvalidURL');
    expect(stack.asked).toBe(0);
  });

  it('one of them is refused even beside one that merely cannot be read', async () => {
    const stack = await startStack();
    // The first is known to be bad at once; the second only after its name has been resolved.
    const answer = await stack.generate(edit('data:image/png;base64,####', 'http://localhost:9/a.png'));
    expect(answer.status).toBe(400);
    expect(answer.json.message).toContain('input.messages[0].content[1].image');
    expect(stack.asked).toBe(0);
  });
});

describe("references that we cannot see are the vendor's to judge", () => {
  it.each(['/missing.png', '/page.html', '/large.png'])('%s passes on as it is, uncached', async (path) => {
    const assets = await startAssets();
    const stack = await startStack({
      DASHCACHE_REFERENCE_ALLOW: assets.allow,
      DASHCACHE_MAX_IMAGE: '256KiB',
    });
    assets.serve('/page.html', new TextEncoder().encode('<!doctype html><p>no picture'));
    assets.serve(
      '/large.png',
      png(600, 600, (row) => row % 251),
    );
    const text = JSON.stringify(edit(assets.at(path)));
    for (const asked of [1, 2]) {
      const answer = await stack.generate(text);
      expect(answer.headers.get('x-cache')).toBe('BYPASS');
      expect(answer.headers.get('cache-status')).toBe('dashcache; fwd=bypass; detail=reference');
      expect(lastSent(stack)).toBe(text);
      expect(stack.asked).toBe(asked);
      if (path === '/missing.png') expect(answer.json.code).toBe('BadRequest.InputDownloadFailed');
    }
    expect(countEntries(stack)).toBe(0);
  });

  it('so is a data URI that holds no picture', async () => {
    const stack = await startStack();
    const answer = await stack.generate(edit('data:image/png;base64,AAAA'));
    expect(answer.headers.get('cache-status')).toBe('dashcache; fwd=bypass; detail=reference');
    expect(answer.json.code).toBe('BadRequest.UnsupportedFileFormat');
  });
});

it('a URL in a field that nobody documents counts by what it shows, and the vendor gets those bytes', async () => {
  const assets = await startAssets();
  const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
  const portrait = dataUri('image/png', OTHER);
  const input = { image_url: portrait, style_index: -1, style_ref_url: assets.at('/style.png') };
  const repaint = async () => {
    const submitted = await stack.request('POST', '/api/v1/services/aigc/image-generation/generation', {
      body: JSON.stringify({ model: 'wanx-style-repaint-v1', input }),
      headers: { 'content-type': 'application/json', 'x-dashscope-async': 'enable' },
    });
    return submitted.headers.get('x-cache');
  };
  assets.serve('/style.png', PNG);
  expect(await repaint()).toBe('MISS');
  expect(await repaint()).not.toBe('MISS');
  expect(lastSent(stack)).not.toContain('/style.png');
  expect(lastSent(stack)).toContain('"oss://');
  assets.serve('/style.png', jpeg(400, 300));
  expect(await repaint()).toBe('MISS');
  expect(stack.asked).toBe(2);
});
