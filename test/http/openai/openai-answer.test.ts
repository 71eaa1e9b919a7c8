import { describe, expect, it } from 'vitest';
import { readAll } from '../../../src/core/bytes/read-all.ts';
import type { EntryImage } from '../../../src/core/entries/entry.ts';
import { isAppError } from '../../../src/core/errors.ts';
import { eventsOf, fillHoles, responseOfEntry } from '../../../src/http/openai/openai-answer.ts';
import { inChunks } from '../../support/clients/forms.ts';
import { newEntry } from '../../support/data/entries.ts';

const bytesOf = (seed: number, size: number) =>
  Uint8Array.from({ length: size }, (_, index) => (index * seed) & 255);
const image = (digest: string, size: number): EntryImage => ({
  digest,
  size,
  mediaType: 'image/png',
  width: 8,
  height: 4,
  sourceUrl: undefined,
});
const IMAGES = [image('a', 100_001), image('b', 5)];
const CONTENT = new Map([
  ['a', bytesOf(31, 100_001)],
  ['b', bytesOf(7, 5)],
]);

const entry = () => ({
  ...newEntry(),
  id: 1,
  take: 1,
  usedAt: 0,
  hits: 0,
  pinned: false,
  invalidatedAt: undefined,
  images: IMAGES,
});

/** Blobs that come in chunks; `read` counts them. */
function blobsOf(content: ReadonlyMap<string, Uint8Array>) {
  const counted = { chunks: 0 };
  const read = async (digest: string) => {
    const bytes = content.get(digest);
    if (bytes === undefined) return undefined;
    const body = inChunks(bytes, 10_000, () => {
      counted.chunks += 1;
    });
    return { size: bytes.length, body };
  };
  return { counted, read };
}

const textOf = async (text: string, blobs: ReturnType<typeof blobsOf>) =>
  new TextDecoder().decode(await readAll(fillHoles(text, IMAGES, blobs)));

describe('pictures in base64', () => {
  it('stand where they belong, in an answer and in events', async () => {
    const response = responseOfEntry(entry(), undefined, false);
    const wanted = [...CONTENT.values()].map((bytes) => Buffer.from(bytes).toString('base64'));
    const { data, ...rest } = JSON.parse(await textOf(JSON.stringify(response), blobsOf(CONTENT)));
    expect(data).toEqual(wanted.map((b64_json) => ({ b64_json })));
    expect(rest).toMatchObject({ size: '8x4', output_format: 'png' });
    const events = (await textOf(eventsOf(response, 'image_edit'), blobsOf(CONTENT))).split('\n\n');
    expect(events.slice(0, 2).map((event) => JSON.parse(event.split('\ndata: ')[1] ?? '').b64_json)).toEqual(
      wanted,
    );
  });

  it('are read as they are sent', async () => {
    const blobs = blobsOf(CONTENT);
    const pieces = fillHoles(JSON.stringify(responseOfEntry(entry(), undefined, false)), IMAGES, blobs);
    await pieces.next();
    expect(blobs.counted.chunks).toBe(0);
    await pieces.next();
    expect(blobs.counted.chunks).toBe(1);
  });

  it.each([
    ['gone', new Map<string, Uint8Array>()],
    ['of another length', new Map([['a', bytesOf(31, 99)]])],
  ])('fail when a blob is %s', async (_, content) => {
    const failure = await textOf(
      JSON.stringify(responseOfEntry(entry(), undefined, false)),
      blobsOf(content),
    ).catch((error: unknown) => error);
    expect(isAppError(failure, 'storage_failed')).toBe(true);
  });
});

describe('what an answer tells beside them', () => {
  it('leaves out a size and a format that not all have', () => {
    const [first = image('a', 1)] = IMAGES;
    const mixed = [first, { ...first, width: 9, mediaType: 'image/jpeg' as const }];
    const response = responseOfEntry({ ...entry(), images: mixed }, 'http://here', false);
    expect(Object.keys(response)).toEqual(['created', 'data']);
    expect(response.data[1]).toEqual({ url: 'http://here/blobs/a.jpg' });
  });

  it('says tokens with the last event, and not of an edit: which of them were pictures is not known', () => {
    const usage = JSON.stringify({ input_tokens: 2, output_tokens: 3, total_tokens: 5 });
    const events = eventsOf(responseOfEntry({ ...entry(), usage }, 'http://here', false), 'image_generation');
    expect(events.match(/"usage":\{[^}]*\}/g)).toHaveLength(1);
    expect(events.trimEnd().split('\n\n')[1]).toContain('"total_tokens":5');
    expect(responseOfEntry({ ...entry(), usage }, 'http://here', true)).not.toHaveProperty('usage');
  });
});
