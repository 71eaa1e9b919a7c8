import { mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataUri, edit, startAssets } from '../../support/clients/assets.ts';
import { blobFile, listBlobFiles } from '../../support/data/blob-files.ts';
import { countEntries, readAllRows, readRows, writeRows } from '../../support/data/rows.ts';
import { png } from '../../support/data/sample-images.ts';
import { type Answer, API_KEY, body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { isDurable, SMALL, startStack } from '../../support/servers/start-stack.ts';

const prompt = (text: string) => body(text, SMALL);
const urlOf = (answer: Answer): string => imageUrls(answer)[0] ?? '';

/** Nothing is remembered any more of what the disk held; the port is another one. `meanwhile` changes rows. */
async function restart(stack: Stack, meanwhile?: string): Promise<void> {
  await stack.stopServer();
  if (meanwhile !== undefined) writeRows(stack, meanwhile);
  await stack.startServer();
}

/** Ways in which a blob's file can be lost while its row stays. */
const LOSSES: readonly (readonly [string, (file: string) => Promise<void>])[] = [
  ['deleted', (file) => rm(file)],
  ['cut short', async (file) => truncate(file, (await stat(file)).size - 100)],
  ['emptied', (file) => truncate(file, 0)],
  ['grown', (file) => writeFile(file, 'more', { flag: 'a' })],
];

describe.each(LOSSES)('a blob file that was %s', (_, lose) => {
  it('is fetched again while its source lives: a hit with the same bytes', async () => {
    const stack = await startStack();
    const miss = await stack.generate(prompt('lost and found'));
    const before = await bytesAt(urlOf(miss));
    await lose(blobFile(stack, urlOf(miss)));
    await restart(stack);
    const hit = await stack.generate(prompt('lost and found'));
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(await bytesAt(urlOf(hit))).toEqual(before);
    expect(stack.asked).toBe(1);
    expect(stack.events).toContainEqual(expect.objectContaining({ type: 'healed', how: 'fetched-again' }));
  });

  it('is a miss when its source is dead: bought again, never a hit with a dead URL', async () => {
    const stack = await startStack();
    const miss = await stack.generate(prompt('lost for good'));
    await lose(blobFile(stack, urlOf(miss)));
    await restart(stack, "update images set source_url = replace(source_url, 'Expires=', 'Expires=1&was=')");
    const again = await stack.generate(prompt('lost for good'));
    expect(again.headers.get('cache-status')).toMatch(/^dashcache; fwd=miss; stored;/);
    expect((await bytesAt(urlOf(again))).byteLength).toBeGreaterThan(1000);
    expect(stack.asked).toBe(2);
    expect(countEntries(stack)).toBe(1);
    expect(stack.events).toContainEqual(expect.objectContaining({ type: 'healed', how: 'dropped' }));
  });

  it.each(['GET', 'HEAD'])('is fetched again when its own address is asked by %s', async (method) => {
    const stack = await startStack();
    const path = new URL(urlOf(await stack.generate(prompt('asked for by URL')))).pathname;
    await lose(blobFile(stack, path));
    await restart(stack);
    expect((await stack.request(method, path)).status).toBe(200);
    expect((await bytesAt(stack.origin + path)).byteLength).toBeGreaterThan(1000);
    expect(stack.events).toContainEqual(expect.objectContaining({ type: 'healed', how: 'fetched-again' }));
    expect(stack.asked).toBe(1);
  });

  it('is a 404 at its own address when its source is dead, in whole, in part and by HEAD', async () => {
    const stack = await startStack();
    const path = new URL(urlOf(await stack.generate(prompt('asked for by URL')))).pathname;
    const { size } = readRows(stack, 'select size from blobs')[0] ?? {};
    const last = Number(size) - 1;
    await lose(blobFile(stack, path));
    await restart(stack, "update images set source_url = replace(source_url, 'Expires=', 'Expires=1&was=')");
    expect((await stack.request('GET', path)).status).toBe(404);
    expect((await stack.request('HEAD', path)).status).toBe(404);
    for (const range of ['bytes=0-9', `bytes=${last - 9}-${last}`]) {
      expect((await stack.request('GET', path, { headers: { range } })).status).toBe(404);
    }
    expect(stack.events.filter(({ type }) => type === 'failure')).toEqual([]);
  });
});

it('a blob that was damaged is no reference: other bytes than its address says are never sent', async () => {
  const stack = await startStack();
  const path = new URL(urlOf(await stack.generate(prompt('a reference')))).pathname;
  await truncate(blobFile(stack, path), 20_000);
  await restart(stack);
  const answer = await stack.generate(edit(stack.origin + path));
  expect(answer.status).toBe(400);
  expect(answer.json.message).toContain('input.messages[0].content[0].image');
  expect(stack.asked).toBe(1);
});

it('with one of two pictures lost, the entry is whole again or gone', async () => {
  const stack = await startStack();
  const pair = body('a pair', { ...SMALL, n: 2 }, 'qwen-image-2.0');
  const [kept = '', lost = ''] = imageUrls(await stack.generate(pair));
  await rm(blobFile(stack, lost));
  await restart(stack);
  const hit = await stack.generate(pair);
  expect(hit.headers.get('x-cache')).toBe('HIT');
  expect(isDurable(stack, hit)).toBe(true);
  for (const url of imageUrls(hit)) await bytesAt(url);
  expect(imageUrls(hit).map((url) => new URL(url).pathname)).toEqual(
    [kept, lost].map((url) => new URL(url).pathname),
  );
  expect(stack.events.filter(({ type }) => type === 'healed')).toHaveLength(1);
});

describe('eviction', () => {
  it('beyond the bytes allowed, what was used least recently goes from rows and disk', async () => {
    const stack = await startStack();
    const answers = [];
    for (const text of ['first', 'second', 'third']) answers.push(await stack.generate(prompt(text)));
    const sizes = readRows(stack, 'select size from blobs order by rowid').map(({ size }) => Number(size));
    await stack.generate(prompt('first'));
    await stack.stopServer();
    // Room for the first and the third: the second was used least recently.
    await stack.startServer({ DASHCACHE_MAX_BYTES: String((sizes[0] ?? 0) + (sizes[2] ?? 0)) });
    await stack.server.services.garbageCollector.runOnce();
    const [first = '', second = '', third = ''] = answers.map((answer) => new URL(urlOf(answer)).pathname);
    expect(await listBlobFiles(stack)).toEqual(
      [first, third].map((path) => path.slice('/blobs/'.length, -'.png'.length)).sort(),
    );
    expect((await stack.request('GET', second)).status).toBe(404);
    expect((await stack.request('GET', first)).status).toBe(200);
    expect(readRows(stack, 'select sha256 from blobs')).toHaveLength(2);
    expect(stack.events).toContainEqual({ type: 'evicted', entries: 1, blobs: 1, bytes: sizes[1] });
    expect((await stack.generate(prompt('third'))).headers.get('x-cache')).toBe('HIT');
    expect((await stack.generate(prompt('second'))).headers.get('x-cache')).toBe('MISS');
  });

  it('with no room at all everything goes, and pictures are still delivered', async () => {
    const stack = await startStack({ DASHCACHE_MAX_BYTES: '1' });
    for (const text of ['one', 'two']) expect((await stack.generate(prompt(text))).status).toBe(200);
    await stack.server.services.garbageCollector.runOnce();
    expect(await listBlobFiles(stack)).toEqual([]);
    expect(countEntries(stack)).toBe(0);
    expect((await stack.generate(prompt('one'))).headers.get('x-cache')).toBe('MISS');
  });
});

describe('what is in the rows', () => {
  /** Every value of every column of every table, as text. */
  const textsOf = (stack: Stack): string[] =>
    [...readAllRows(stack).values()]
      .flat()
      .flatMap((row) =>
        Object.values(row).map((value) =>
          Buffer.isBuffer(value) ? value.toString('latin1') : String(value),
        ),
      );

  it('no key and no base64, wherever pictures stood in the requests', async () => {
    const assets = await startAssets();
    const stack = await startStack({
      DASHCACHE_REFERENCE_ALLOW: assets.allow,
    });
    const picture = png(400, 300, (row) => row % 251);
    const uri = dataUri('image/png', picture);
    assets.serve('/a.png', picture);
    const base = edit(uri);
    const requests: unknown[] = [
      base,
      edit(assets.at('/a.png'), uri),
      { ...base, parameters: { ...base.parameters, mask: uri, bbox_list: [{ inner: uri }] } },
      { ...base, input: { ...base.input, mask_image_url: uri, strange: [uri] } },
      { ...base, extra: uri, more: { deep: [uri] } },
    ];
    for (const request of requests) expect((await stack.generate(request)).status).toBe(200);
    // One whose outcome is unknown keeps its recipe; one refused.
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'reset' } });
    expect((await stack.generate({ ...base, extra: [uri], parameters: { seed: 5 } })).status).toBe(424);
    expect((await stack.generate(edit(uri, uri, uri, uri, uri, uri))).status).toBe(400);

    const sample = Buffer.from(picture).toString('base64').slice(0, 60);
    const texts = textsOf(stack);
    expect(texts.length).toBeGreaterThan(50);
    for (const secret of [API_KEY, ';base64,', sample]) {
      expect(texts.filter((text) => text.includes(secret)).map((text) => text.slice(0, 300))).toEqual([]);
    }
  });
});

it('a database that cannot be opened does not keep the folder: whoever mends it can start', async () => {
  const stack = await startStack();
  await stack.stopServer();
  const file = join(stack.folder, 'data', 'dashcache.sqlite');
  await rename(file, `${file}.aside`);
  await mkdir(file);
  await expect(stack.startServer()).rejects.toMatchObject({ code: 'config' });
  await rm(file, { recursive: true });
  await rename(`${file}.aside`, file);
  await stack.startServer();
  expect((await stack.generate(prompt('cat'))).status).toBe(200);
});

it.each(['blobs', 'references'])('a server whose folder %s is gone is not ready', async (folder) => {
  const stack = await startStack();
  const path = join(stack.folder, 'data', folder);
  expect((await stack.request('GET', '/readyz')).status).toBe(200);
  await rename(path, `${path}.away`);
  await writeFile(path, 'in its place');
  const answer = await stack.request('GET', '/readyz');
  expect([answer.status, answer.json]).toEqual([503, { status: 'not ready' }]);
  await rm(path);
  await rename(`${path}.away`, path);
  expect((await stack.request('GET', '/readyz')).status).toBe(200);
});

it('a bit that flipped on the disk is found when its file is read, and put right from the source', async () => {
  const stack = await startStack();
  const url = urlOf(await stack.generate(prompt('bit rot')));
  const before = await bytesAt(url);
  const file = blobFile(stack, url);
  const rotten = Buffer.from(before);
  rotten[rotten.length >> 1] = (rotten[rotten.length >> 1] ?? 0) ^ 1;
  await writeFile(file, rotten);
  await restart(stack);
  expect(await bytesAt(stack.origin + new URL(url).pathname)).toEqual(before);
  expect(await readFile(file)).toEqual(Buffer.from(before));
  expect(stack.asked).toBe(1);
});
