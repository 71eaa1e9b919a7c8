import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { ReferenceSlot } from '../../../src/core/recipe/references.ts';
import { BlobStore } from '../../../src/services/blobs/blob-store.ts';
import { ReferenceResolver } from '../../../src/services/requests/reference-resolver.ts';
import { png } from '../../support/data/sample-images.ts';
import { CALLER, noUploads } from '../../support/fakes/fake-uploads.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

const OURS = 'http://127.0.0.1:8787';
const mayFetch = async () => {};
const CONTEXT = { ownOrigins: [OURS], model: 'qwen-image-edit', caller: CALLER, mayFetch };
const [CAT, DOG] = [png(10, 10), png(20, 20)];
const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const dataUri = (bytes: Uint8Array) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;

let pictures: Map<string, Uint8Array | Promise<Uint8Array>>;
let fetched: string[];
let held: number[];
let driver: MemoryBlobDriver;
let resolver: ReferenceResolver;
beforeEach(() => {
  pictures = new Map();
  fetched = [];
  held = [];
  const clock = new ManualClock();
  driver = new MemoryBlobDriver(clock);
  resolver = new ReferenceResolver({
    fetcher: {
      fetch: async (url) => {
        fetched.push(url);
        const found = pictures.get(url);
        if (found === undefined) throw new AppError('reference_unavailable', 'it answered 404.');
        return await found;
      },
    },
    blobs: new BlobStore({ driver, hasher: nativeHasher, probe: imageProbe, clock }),
    uploads: noUploads,
    hasher: nativeHasher,
    probe: imageProbe,
  });
});

async function store(bytes: Uint8Array): Promise<void> {
  const stage = await driver.stage();
  await stage.write(bytes);
  await stage.commit(digestOf(bytes), bytes.length);
}

const slotOf = (value: string, index = 0, takesDataUri = true): ReferenceSlot => ({
  path: ['input', 'images', index],
  field: `input.images[${index}]`,
  value,
  takesDataUri,
});

async function resolve(...values: readonly string[]) {
  const slots = values.map((value, index) => slotOf(value, index));
  const resolved = await resolver.resolve(slots, { ...CONTEXT, hold: (bytes) => held.push(bytes) });
  if ('unresolved' in resolved) throw resolved.unresolved;
  const sent = new Map<string, string>();
  for (const [field, make] of resolved.replacements) sent.set(field, await make());
  return { names: [...resolved.names.values()], uses: resolved.uses, sent: [...sent.values()] };
}

describe('a reference', () => {
  it('is what it shows: data URI, URL and our own blob give one name', async () => {
    await store(CAT);
    pictures.set('https://a.example/cat.png', CAT);
    const own = `${OURS}/blobs/${digestOf(CAT)}.png`;
    const { names, uses, sent } = await resolve(dataUri(CAT), 'https://a.example/cat.png', own);
    expect(new Set(names)).toEqual(new Set([`sha256:${digestOf(CAT)}`]));
    expect(uses.map(({ position, field }) => [position, field])).toEqual([
      [0, 'input.images[0]'],
      [1, 'input.images[1]'],
      [2, 'input.images[2]'],
    ]);
    // The client's own data URI goes as it is; the others as the bytes that were hashed.
    expect(sent).toEqual([dataUri(CAT), dataUri(CAT)]);
    expect(fetched).toEqual(['https://a.example/cat.png']);
  });

  it('is fetched once, and what was hashed is what is sent', async () => {
    pictures.set('https://a.example/x', CAT);
    const resolved = await resolver.resolve([slotOf('https://a.example/x')], {
      ...CONTEXT,
      hold: () => {},
    });
    if ('unresolved' in resolved) throw resolved.unresolved;
    pictures.set('https://a.example/x', DOG);
    expect(await resolved.replacements.get('input.images[0]')?.()).toBe(dataUri(CAT));
    expect(fetched).toHaveLength(1);
  });

  it('in the vendor’s store goes by its name', async () => {
    expect(await resolve('oss://dashscope-instant/x/y.png')).toEqual({
      names: ['oss://dashscope-instant/x/y.png'],
      uses: [],
      sent: [],
    });
  });

  it.each([
    ['with another host', (digest: string) => `http://other.example/blobs/${digest}.png`],
    ['with another path', (digest: string) => `${OURS}/blobs/../${digest}`],
    ['of another scheme', (digest: string) => `${OURS.replace('http:', 'https:')}/blobs/${digest}.png`],
    ['of a host that only begins alike', (digest: string) => `${OURS}0/blobs/${digest}`],
  ])('%s is none of our blobs', async (_, urlOf) => {
    await store(CAT);
    await expect(resolve(urlOf(digestOf(CAT)))).rejects.toMatchObject({ code: 'reference_unavailable' });
    expect(fetched).toHaveLength(1);
  });

  it('to a blob of ours that is gone is not to be had, and is not looked for elsewhere', async () => {
    await expect(resolve(`${OURS}/blobs/${digestOf(CAT)}.png`)).rejects.toMatchObject({
      code: 'reference_unavailable',
      message: expect.stringContaining('no such picture is stored here'),
    });
    expect(fetched).toEqual([]);
  });
});

describe('a blob of ours', () => {
  it.each([
    ['a query', (url: string) => `${url}?x=1`],
    ['a fragment', (url: string) => `${url}#top`],
    ['capitals in its host', (url: string) => url.replace('http://localhost', 'HTTP://LocalHost')],
    ['a slash too many', (url: string) => url.replace('/blobs/', '//blobs//')],
    ['white space around it', (url: string) => ` ${url}\n`],
  ])('is known with %s', async (_, spell) => {
    await store(CAT);
    const url = spell(`http://localhost:8787/blobs/${digestOf(CAT)}.png`);
    const slot = slotOf(url);
    const ownOrigins = ['http://localhost:8787'];
    const resolved = await resolver.resolve([slot], { ...CONTEXT, ownOrigins, hold: () => {} });
    expect(resolved).toMatchObject({ uses: [{ digest: digestOf(CAT) }] });
    expect(fetched).toEqual([]);
  });
});

describe('a file in a field that may take URLs only', () => {
  const resolveIn = async (value: string) => {
    const resolved = await resolver.resolve([slotOf(value, 0, false)], { ...CONTEXT, hold: () => {} });
    if ('unresolved' in resolved) throw resolved.unresolved;
    return { ...resolved, sent: await resolved.replacements.get('input.images[0]')?.() };
  };

  it('is lent to the vendor, wherever we have it from', async () => {
    await store(CAT);
    pictures.set('https://a.example/cat.png', CAT);
    for (const url of ['https://a.example/cat.png', `${OURS}/blobs/${digestOf(CAT)}.png`]) {
      const { sent, lends, names } = await resolveIn(url);
      expect([sent, lends]).toEqual([`oss://lent/${digestOf(CAT)}`, true]);
      expect([...names.values()]).toEqual([`sha256:${digestOf(CAT)}`]);
    }
  });

  it('may be a clip or a sound', async () => {
    const clip = new Uint8Array([0, 0, 0, 24, ...new TextEncoder().encode('ftypmp42....')]);
    pictures.set('https://a.example/clip.mp4', clip);
    expect((await resolveIn('https://a.example/clip.mp4')).sent).toBe(`oss://lent/${digestOf(clip)}`);
  });

  it('stays as it is where it came as bytes or by the vendor’s name', async () => {
    for (const value of [dataUri(CAT), 'oss://x/y']) {
      const { sent, lends } = await resolveIn(value);
      expect([sent, lends]).toEqual([undefined, false]);
    }
  });
});

describe('what a request holds', () => {
  it('grows by every picture that is read for it, and by none that it brought along', async () => {
    await store(CAT);
    pictures.set('https://a.example/dog.png', DOG);
    await resolve(dataUri(CAT), 'https://a.example/dog.png', `${OURS}/blobs/${digestOf(CAT)}.png`);
    expect(held).toEqual([DOG.length, CAT.length]);
  });

  it('is refused with its reason, not passed on, when it is too much', async () => {
    pictures.set('https://a.example/cat.png', CAT);
    const slot = slotOf('https://a.example/cat.png');
    const full = () => {
      throw new AppError('overloaded', 'full');
    };
    await expect(resolver.resolve([slot], { ...CONTEXT, hold: full })).rejects.toMatchObject({
      code: 'overloaded',
    });
  });

  it('is bounded in number before anything is fetched', async () => {
    const urls = Array.from({ length: 33 }, (_, index) => `https://a.example/${index}`);
    await expect(resolve(...urls)).rejects.toMatchObject({ code: 'reference_refused' });
    expect(fetched).toEqual([]);
  });
});

describe('what cannot be seen', () => {
  it.each([
    ['is gone', 'https://a.example/gone'],
    ['is no image', 'https://a.example/page'],
    ['is no base64', 'data:image/png;base64,$$$'],
    ['is base64 of no image', 'data:image/png;base64,AAAA'],
  ])('because it %s leaves the request uncached, and names the field', async (_, url) => {
    pictures.set('https://a.example/page', new TextEncoder().encode('<html>'));
    await expect(resolve(dataUri(CAT), url)).rejects.toMatchObject({
      code: 'reference_unavailable',
      field: 'input.images[1]',
      message: expect.stringMatching(/^input\.images\[1\]: /),
    });
  });

  it.each(['ftp://a.example/x', '/etc/passwd', 'cat.png', 'data:image/png,raw', 'file:///x', ''])(
    'is refused when no door takes it: %j',
    async (value) => {
      await expect(resolve(value)).rejects.toMatchObject({
        code: 'reference_refused',
        field: 'input.images[0]',
      });
    },
  );

  it('is refused whatever else is wrong, and whichever is found first', async () => {
    for (const values of [
      ['data:image/png;base64,$$$', 'ftp://a.example/x'],
      ['ftp://a.example/x', 'data:image/png;base64,$$$'],
    ]) {
      await expect(resolve(...values)).rejects.toMatchObject({ code: 'reference_refused' });
    }
    const slow = createGate<Uint8Array>();
    pictures.set(
      'https://10.0.0.1/x',
      slow.opened.then(() => Promise.reject(new AppError('reference_refused', 'private'))),
    );
    const refusal = expect(resolve('https://a.example/gone', 'https://10.0.0.1/x')).rejects.toMatchObject({
      code: 'reference_refused',
      field: 'input.images[1]',
    });
    await settle();
    slow.open(CAT);
    await refusal;
  });
});

it('refuses more than 32 pictures before any is fetched', async () => {
  const urls = Array.from({ length: 33 }, (_, index) => `https://a.example/${index}.png`);
  for (const url of urls) pictures.set(url, CAT);
  await expect(resolve(...urls)).rejects.toMatchObject({
    code: 'reference_refused',
  });
  expect(fetched).toEqual([]);
  expect((await resolve(...urls.slice(1))).names).toHaveLength(32);
});

it.each(['data:image/png;base64,AAAA', 'oss://dashscope-instant/x', 'sha256:'.padEnd(71, '0')])(
  'refuses as many of %s, each of which is looked at or looked up',
  async (value) => {
    await expect(resolve(...Array(33).fill(value))).rejects.toMatchObject({
      code: 'reference_refused',
      message: expect.stringContaining('32 pictures'),
    });
  },
);
