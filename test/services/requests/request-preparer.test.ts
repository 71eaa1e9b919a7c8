import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { AppError } from '../../../src/core/errors.ts';
import { BlobStore } from '../../../src/services/blobs/blob-store.ts';
import { ReferenceResolver } from '../../../src/services/requests/reference-resolver.ts';
import { RequestPreparer } from '../../../src/services/requests/request-preparer.ts';
import type { UploadService } from '../../../src/services/uploads/upload-service.ts';
import { png } from '../../support/data/sample-images.ts';
import { CALLER, noUploads } from '../../support/fakes/fake-uploads.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

const CAT = png(10, 10);
const CAT_URI = `data:image/png;base64,${Buffer.from(CAT).toString('base64')}`;

let fetched: string[];
let hashed: number;
beforeEach(() => {
  fetched = [];
  hashed = 0;
});

function start(uploads: Pick<UploadService, 'find' | 'lend'> = noUploads): RequestPreparer {
  const clock = new ManualClock();
  const blobs = new BlobStore({
    driver: new MemoryBlobDriver(clock),
    hasher: nativeHasher,
    probe: imageProbe,
    clock,
  });
  const fetcher = {
    fetch: async (url: string) => {
      fetched.push(url);
      if (!url.endsWith('.png')) throw new AppError('reference_unavailable', 'gone');
      return CAT;
    },
  };
  return new RequestPreparer({
    resolver: new ReferenceResolver({ fetcher, blobs, uploads, hasher: nativeHasher, probe: imageProbe }),
    hasher: {
      xxh128: (bytes) => {
        hashed += 1;
        return nativeHasher.xxh128(bytes);
      },
    },
    addedModels: new Set(['my-own-model']),
  });
}

const context = (dataInspection?: string) => ({
  dataInspection,
  ownOrigins: () => [],
  caller: CALLER,
  hold: () => {},
  mayFetch: async () => {},
});

async function cacheable(requests: RequestPreparer, text: string, dataInspection?: string) {
  const prepared = await requests.prepare(text, context(dataInspection));
  if (prepared.kind !== 'cacheable') throw new Error(`it is ${prepared.kind}`);
  return prepared;
}

const bodyOf = (input: object, more: object = {}) =>
  JSON.stringify({ model: 'qwen-image-max', input, ...more });

describe('a body', () => {
  it('of another model is foreign, of an added one is not', async () => {
    const requests = start();
    const foreign = JSON.stringify({ model: 'qwen-vl-max', input: {} });
    expect(await requests.prepare(foreign, context())).toEqual({ kind: 'foreign' });
    expect(await cacheable(requests, '{"model":"my-own-model","input":{"prompt":"x"}}')).toBeDefined();
  });

  it('with a number that no double holds is not cached', async () => {
    const text = '{"model":"qwen-image","input":{"prompt":"x"},"parameters":{"seed":12345678901234567890}}';
    expect(await start().prepare(text, context())).toMatchObject({ kind: 'uncacheable', detail: 'number' });
  });

  it('with more words than any prompt has is not cached, however large its pictures may be', async () => {
    const long = bodyOf({ prompt: 'x'.repeat(256 * 1024) });
    expect(await start().prepare(long, context())).toMatchObject({ kind: 'uncacheable', detail: 'size' });
    const large = Buffer.concat([CAT, Buffer.alloc(256 * 1024)]).toString('base64');
    const pictured = bodyOf({ prompt: 'x', images: [`data:image/png;base64,${large}`] });
    expect(await start().prepare(pictured, context())).toMatchObject({ kind: 'cacheable' });
  });

  it('whose words stand as a name in the vendor’s store, or as a model, is not cached either', async () => {
    const named = bodyOf({ prompt: 'x', images: [`oss://${'x'.repeat(256 * 1024)}`] });
    expect(await start().prepare(named, context())).toMatchObject({ kind: 'uncacheable', detail: 'size' });
    const model = `qwen-image-${'x'.repeat(200)}`;
    const modelled = JSON.stringify({ model, input: { prompt: 'x' } });
    expect(await start().prepare(modelled, context())).toMatchObject({ kind: 'uncacheable', detail: 'size' });
  });

  it('goes upstream as it came', async () => {
    const text = ' { "model":"qwen-image" ,"input":{"prompt":"caf\\u00e9"},"parameters":{"x":1.0e0} } ';
    // The key says one picture, and so does what is sent.
    const counted = text.replace('1.0e0', '1.0e0,"n":1');
    expect(await (await cacheable(start(), text)).outgoing()).toBe(counted);
    expect(await (await cacheable(start(), counted)).outgoing()).toBe(counted);
  });

  it('that gives a name twice goes upstream as it was understood', async () => {
    const text = '{"model":"qwen-image","input":{"prompt":"cat","prompt":"dog"}}';
    const prepared = await cacheable(start(), text);
    expect(prepared.recipe.prompt).toBe('dog');
    expect(await prepared.outgoing()).toBe(
      '{"model":"qwen-image","input":{"prompt":"dog"},"parameters":{"n":1}}',
    );
  });

  it('goes upstream with the pictures that were hashed, each at its place', async () => {
    const text = bodyOf({
      images: ['https://a.example/1.png', 'oss://x/y', CAT_URI],
      prompt: 'https://a.example/1.png',
    });
    const prepared = await cacheable(start(), text);
    expect(JSON.parse(await prepared.outgoing())).toEqual({
      model: 'qwen-image-max',
      parameters: { n: 1 },
      input: { images: [CAT_URI, 'oss://x/y', CAT_URI], prompt: 'https://a.example/1.png' },
    });
    expect(prepared.references.map(({ position }) => position)).toEqual([0, 2]);
    expect(prepared.recipe.canonical).not.toContain('base64');
  });

  it('with a name given twice and a picture is understood and replaced at once', async () => {
    const text =
      '{"model":"qwen-image","input":{"prompt":"x","images":["oss://old"],"images":["https://a.example/1.png"]}}';
    const outgoing = await (await cacheable(start(), text)).outgoing();
    expect(JSON.parse(outgoing).input).toEqual({ prompt: 'x', images: [CAT_URI] });
    expect(outgoing).not.toContain('old');
  });

  it('with a picture that cannot be seen goes on uncached, and says why', async () => {
    const prepared = await start().prepare(
      bodyOf({ prompt: 'x', images: ['https://a.example/gone'] }),
      context(),
    );
    expect(prepared).toMatchObject({
      kind: 'uncacheable',
      detail: 'reference',
      reason: { code: 'reference_unavailable' },
    });
  });
});

describe('a URL outside the words', () => {
  const IN_ANY_FIELD = [
    { input: { prompt: 'x', style_ref_url: 'https://a.example/1.png' } },
    { input: { prompt: 'x' }, parameters: { logo: 'https://a.example/1.png' } },
    { input: { prompt: 'x', media: [{ type: 'image', url: 'https://a.example/1.png' }] } },
    { input: { prompt: 'x' }, extra: { deep: [{ er: ['https://a.example/1.png'] }] } },
  ];

  it.each(IN_ANY_FIELD)('%j counts by what it shows, which goes upstream', async (body) => {
    const text = JSON.stringify({ model: 'wanx-poster', ...body });
    const prepared = await cacheable(start(), text);
    expect(prepared.recipe.canonical).not.toContain('a.example');
    expect(prepared.recipe.canonical).toContain('sha256:');
    expect([prepared.lends, prepared.selfContained]).toEqual([true, false]);
    expect(await prepared.outgoing()).toMatch(/"oss:\/\/lent\/[0-9a-f]{64}"/);
    expect(await prepared.outgoing()).not.toContain('a.example');
  });

  it.each(IN_ANY_FIELD)('%j is not cached where it cannot be seen, and goes on as it came', async (body) => {
    const text = JSON.stringify({ model: 'wanx-poster', ...body }).replace('1.png', 'gone');
    const prepared = await start().prepare(text, context());
    expect(prepared).toMatchObject({ kind: 'uncacheable', detail: 'reference', uncachedText: undefined });
  });

  it.each([
    { prompt: 'https://a.example/gone' },
    { prompt: 'x', messages: [{ role: 'user', content: 'https://a.example/gone' }] },
    { prompt: 'x', sub_title: 'https://a.example/gone', prompt_text_zh: 'https://a.example/gone' },
    { prompt: 'x', note: 'see https://a.example/gone' },
  ])('%j holds words', async (input) => {
    expect((await cacheable(start(), bodyOf(input))).selfContained).toBe(true);
    expect(fetched).toEqual([]);
  });
});

describe('an upload of ours', () => {
  const upload = (isImage: boolean) => ({
    ...noUploads,
    find: async (url: string) =>
      url.startsWith('oss://ours/')
        ? { digest: 'd'.repeat(64), isImage, upstreamName: async () => 'oss://vendors/name' }
        : undefined,
  });
  const sentUncached = async (requests: RequestPreparer, text: string) => {
    const prepared = await requests.prepare(text, context());
    if (prepared.kind === 'foreign') throw new Error('it is foreign');
    return { kind: prepared.kind, text: await prepared.uncachedText?.() };
  };

  it('counts by its bytes, and goes upstream under the name that the vendor gave it', async () => {
    const requests = start(upload(true));
    const one = await cacheable(requests, bodyOf({ prompt: 'x', images: ['oss://ours/1', 'oss://x/y'] }));
    const two = await cacheable(requests, bodyOf({ prompt: 'x', images: ['oss://ours/2', 'oss://x/y'] }));
    expect(one.key).toBe(two.key);
    expect(one.recipe.canonical).toContain(`sha256:${'d'.repeat(64)}`);
    expect(JSON.parse(await one.outgoing()).input.images).toEqual(['oss://vendors/name', 'oss://x/y']);
    expect(one.selfContained).toBe(false);
  });

  it('is found in fields that nobody has documented, but never in words', async () => {
    const input = { prompt: 'oss://ours/1', odd: [{ frame: 'oss://ours/1' }, 'oss://other/1'] };
    const prepared = await cacheable(start(upload(true)), bodyOf(input));
    expect(JSON.parse(await prepared.outgoing()).input).toEqual({
      prompt: 'oss://ours/1',
      odd: [{ frame: 'oss://vendors/name' }, 'oss://other/1'],
    });
  });

  it('is replaced in what goes on uncached, and nothing else is', async () => {
    const images = ['oss://ours/1', 'https://a.example/1.png'];
    const text = ` {"model":"qwen-image", "input":{"prompt":"\\u0041","images":${JSON.stringify(images)}},"parameters":{"seed":12345678901234567890}}`;
    expect(await sentUncached(start(upload(true)), text)).toEqual({
      kind: 'uncacheable',
      text: text.replace('oss://ours/1', 'oss://vendors/name'),
    });
    expect(await sentUncached(start(upload(true)), text.replace('ours', 'theirs'))).toEqual({
      kind: 'uncacheable',
      text: undefined,
    });
  });

  it('that is no image is the vendor’s to judge', async () => {
    const text = bodyOf({ prompt: 'x', images: ['oss://ours/1'] });
    expect(await start(upload(false)).prepare(text, context())).toMatchObject({
      kind: 'uncacheable',
      detail: 'reference',
      reason: { code: 'reference_unavailable' },
    });
    const sent = await sentUncached(start(upload(false)), text);
    expect(sent.text).toBe(text.replace('oss://ours/1', 'oss://vendors/name'));
  });
});

describe('the memory', () => {
  it('understands the same text once', async () => {
    const requests = start();
    const text = bodyOf({ prompt: 'x' });
    const first = await requests.prepare(text, context());
    expect(await requests.prepare(text, context())).toBe(first);
    expect(hashed).toBe(1);
  });

  it('holds nothing that a URL shows, nor a failure to see it', async () => {
    const requests = start();
    for (const url of ['https://a.example/1.png', 'https://a.example/gone']) {
      fetched = [];
      const text = bodyOf({ prompt: 'x', images: [url] });
      await requests.prepare(text, context());
      await requests.prepare(text, context());
      expect(fetched).toEqual([url, url]);
    }
  });

  it('holds no large bodies', async () => {
    const requests = start();
    const text = bodyOf({ prompt: 'x'.repeat(40_000) });
    await requests.prepare(text, context());
    await requests.prepare(text, context());
    expect(hashed).toBe(2);
  });

  it('holds no errors', async () => {
    const requests = start();
    for (let time = 0; time < 2; time += 1) {
      await expect(requests.prepare('{"model":"qwen-image"}', context())).rejects.toMatchObject({
        code: 'missing_input',
      });
    }
  });

  it('tells a request without an inspection from one with an empty one', async () => {
    const requests = start();
    const text = bodyOf({ prompt: 'x' });
    const without = await cacheable(requests, text);
    expect((await cacheable(requests, text, '')).key).toBe((await cacheable(start(), text, '')).key);
    expect((await cacheable(requests, text)).key).toBe(without.key);
  });

  it('never gives one request the answer of another', async () => {
    const blank = fc.string({ unit: fc.constantFrom(' ', '\n', '\t'), maxLength: 2 });
    const text = fc
      .tuple(blank, fc.constantFrom('a', 'b', 'A', '\u00e9', 'e\u0301'), fc.constantFrom('', '1', '2'), blank)
      .map(([before, prompt, seed, after]) => {
        const parameters = seed === '' ? { n: 1 } : { n: 1, seed: Number(seed) };
        return `${before}${bodyOf({ prompt }, { parameters })}${after}`;
      });
    const inspection = fc.option(fc.constantFrom('', ' ', '{}', '1', '\n', '1\n'), { nil: undefined });
    const remembering = start();
    await fc.assert(
      fc.asyncProperty(text, inspection, async (body, inspected) => {
        const known = await cacheable(remembering, body, inspected);
        const fresh = await cacheable(start(), body, inspected);
        expect(known.recipe).toEqual(fresh.recipe);
        expect(known.key).toBe(fresh.key);
        expect(await known.outgoing()).toBe(body);
      }),
      { numRuns: 200 },
    );
  });
});
