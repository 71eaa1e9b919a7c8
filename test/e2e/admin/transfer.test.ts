import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { admin, keyOf } from '../../support/clients/admin.ts';
import { dataUri, edit } from '../../support/clients/assets.ts';
import { ASYNC, TEXT2IMAGE } from '../../support/clients/sdk.ts';
import { carry, exported, importEntry, putBlob } from '../../support/clients/transfer.ts';
import { blobFile, listBlobFiles } from '../../support/data/blob-files.ts';
import { readAllRows } from '../../support/data/rows.ts';
import { png } from '../../support/data/sample-images.ts';
import { type Answer, body, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const SHARED = { DASHCACHE_SCOPE: 'shared' };
const xCache = (answer: Answer) => answer.headers.get('x-cache');

/** A store with two takes of one recipe, an edit of a picture, and a task's two pictures. */
async function source() {
  const stack = await startStack(SHARED);
  const fox = body('a fox', SMALL);
  const edited = edit(dataUri('image/png', png(400, 300)));
  const task = {
    model: 'wan2.5-t2i-preview',
    input: { prompt: 'a task' },
    parameters: { n: 2, size: '1280*1280' },
  };
  await stack.generate(fox);
  await stack.generate(fox, { 'cache-control': 'no-cache' });
  await stack.generate(edited);
  const drawn = await stack.request('POST', '/v1/image.generate', {
    body: JSON.stringify({ ...task.input, model: task.model, ...task.parameters }),
    headers: { 'content-type': 'application/json' },
  });
  expect(drawn.status).toBe(200);
  return { stack, fox, edited, task };
}

const keys = async (stack: Stack): Promise<readonly string[]> => {
  const { json } = await admin(stack, 'GET', 'entries');
  return [...new Set<string>(json.entries.map(({ key }: { key: string }) => key))];
};

const digests = (answer: Answer) => imageUrls(answer).map((url) => /[0-9a-f]{64}/.exec(url)?.[0]);

describe('a transfer', () => {
  it('makes hits of what another store bought, with all that was known of it', async () => {
    const { stack, fox, edited } = await source();
    const key = await keyOf(stack, 'a fox');
    await admin(stack, 'PUT', `entries/${key}/tags?take=2`, { tags: ['keep', '狐'] });
    await admin(stack, 'POST', `entries/${key}/pin?take=2`, { pinned: true });

    const target = await startStack(SHARED);
    for (const each of await keys(stack)) {
      for (const answer of await carry(stack, target, each)) {
        expect(answer.status).toBe(201);
        expect(answer.json).toMatchObject({ key: each, scope: 'shared', imported: true });
      }
    }
    const before = target.asked;
    for (const request of [fox, edited]) {
      const [there, here] = [await stack.generate(request), await target.generate(request)];
      expect([xCache(there), xCache(here)]).toEqual(['HIT', 'HIT']);
      expect(digests(here)).toEqual(digests(there));
      expect(here.json.usage).toEqual(there.json.usage);
      const [url = ''] = imageUrls(here);
      expect(url.startsWith(`${target.origin}/blobs/`)).toBe(true);
      expect((await fetch(url)).status).toBe(200);
    }
    for (const take of ['1', '2']) {
      const asked = { 'x-dashcache-take': take };
      expect(digests(await target.generate(fox, asked))).toEqual(digests(await stack.generate(fox, asked)));
    }
    expect(target.asked).toBe(before);

    for (const each of await keys(stack))
      expect(await exported(target, each)).toEqual(await exported(stack, each));
    const { json } = await admin(target, 'GET', 'entries?tag=keep');
    expect(json.entries).toMatchObject([{ take: 2, pinned: true, tags: ['keep', '狐'] }]);
    const [totals, carried] = [await admin(stack, 'GET', 'stats'), await admin(target, 'GET', 'stats')];
    expect(carried.json.bytes).toBe(totals.json.bytes);
    expect(carried.json.entries).toBe(totals.json.entries);
    expect(carried.json.cost).toMatchObject([{ spent: 0 }]);
  });

  it('gives a task its pictures without another job', async () => {
    const { stack, task } = await source();
    const target = await startStack(SHARED);
    await carry(stack, target, await keyOf(stack, 'a task'));
    const submitted = await target.request('POST', TEXT2IMAGE, {
      body: JSON.stringify(task),
      headers: { ...ASYNC, 'content-type': 'application/json' },
    });
    const ended = await target.request('GET', `/api/v1/tasks/${submitted.json.output.task_id}`);
    expect(ended.json.output.task_status).toBe('SUCCEEDED');
    expect(ended.json.output.results).toHaveLength(2);
    expect(target.asked).toBe(0);
  });

  it('leaves a task its own name and state, whatever the answer says of another one', async () => {
    const { stack, task } = await source();
    const target = await startStack(SHARED);
    const key = await keyOf(stack, 'a task');
    const [entry] = await exported(stack, key);
    for (const { sha256 } of entry?.images ?? []) {
      const bytes = await (await fetch(`${stack.origin}/blobs/${sha256}`)).arrayBuffer();
      await putBlob(target, sha256, new Uint8Array(bytes));
    }
    const answer = String(entry?.answer).replace(
      '"output":{',
      '"output":{"task_id":"other","task_status":"FAILED",',
    );
    expect((await importEntry(target, { ...entry, answer })).status).toBe(201);
    const submitted = await target.request('POST', TEXT2IMAGE, {
      body: JSON.stringify(task),
      headers: { ...ASYNC, 'content-type': 'application/json' },
    });
    const id = submitted.json.output.task_id;
    const { json } = await target.request('GET', `/api/v1/tasks/${id}`);
    expect(json.output).toMatchObject({ task_id: id, task_status: 'SUCCEEDED' });
    expect(json.output.results).toHaveLength(2);
  });

  it('done twice changes nothing the second time', async () => {
    const { stack } = await source();
    const target = await startStack(SHARED);
    const key = await keyOf(stack, 'a fox');
    await carry(stack, target, key);
    const rows = await readAllRows(target);
    const again = await carry(stack, target, key);
    expect(again.map(({ status, json }) => [status, json.imported, json.take])).toEqual([
      [200, false, 1],
      [200, false, 2],
    ]);
    expect(await readAllRows(target)).toEqual(rows);
  });

  it('leaves out what answers nobody, and takes another scope by name', async () => {
    const { stack, fox } = await source();
    const key = await keyOf(stack, 'a fox');
    await admin(stack, 'POST', `entries/${key}/invalidate?take=2`);
    const [entry, ...others] = await exported(stack, key);
    expect(others).toEqual([]);
    const target = await startStack({
      DASHCACHE_AUTH: 'token',
      DASHCACHE_TOKENS: 'ann:0123456789abcdef',
      DASHCACHE_ADMIN_TOKEN: 'admin-0123456789',
      DASHSCOPE_API_KEY: 'sk-server-key',
    });
    const asAdmin = { authorization: 'Bearer admin-0123456789' };
    for (const { sha256 } of entry?.images ?? []) {
      const bytes = await (await fetch(`${stack.origin}/blobs/${sha256}`)).arrayBuffer();
      const put = await target.request('PUT', `/admin/api/blobs/${sha256}`, {
        body: bytes,
        headers: asAdmin,
      });
      expect(put.status).toBe(200);
    }
    const stored = await target.request('POST', '/admin/api/entries?scope=token:ann', {
      body: JSON.stringify(entry),
      headers: { ...asAdmin, 'content-type': 'application/json' },
    });
    expect([stored.status, stored.json.scope]).toEqual([201, 'token:ann']);
    const hit = await target.generate(fox, { authorization: 'Bearer 0123456789abcdef' });
    expect([hit.status, xCache(hit), target.asked]).toEqual([200, 'HIT', 0]);
  });
});

describe('an import', () => {
  it('refuses what does not fit together, names the field, and stores nothing', async () => {
    const { stack } = await source();
    const target = await startStack(SHARED);
    const [entry] = await exported(stack, await keyOf(stack, 'a task'));
    const [other] = await exported(stack, await keyOf(stack, 'a fox'));
    const answer = String(entry?.answer);
    const rows = await readAllRows(target);
    const refused: [string, object][] = [
      ['images[0].sha256', {}],
      ['key', { key: other?.key }],
      ['key', { key: 'k2:0' }],
      ['key', { canonical: other?.canonical }],
      ['canonical', { canonical: ` ${entry?.canonical}` }],
      ['canonical', { canonical: '{"model":"x"}' }],
      ['canonical', { canonical: '[' }],
      ['canonical', { canonical: null }],
      ['answer', { answer: answer.replace('image:1', 'image:0') }],
      ['answer', { answer: answer.replace('image:1', 'https://elsewhere.example/x.png') }],
      ['answer', { answer: `${answer} x` }],
      ['answer', { answer: '{"output":{}}' }],
      ['answer', { images: other?.images }],
      ['answer', { images: [] }],
      ['images[0]', { images: ['x'] }],
      ['images[0].sha256', { images: [{ sha256: '../x' }, entry?.images[1]] }],
      ['images[0].href', { images: [{ sha256: 'x', href: '' }] }],
      ['references[0].field', { references: [{ sha256: 'x' }] }],
      ['site', { site: 'a b' }],
      ['scope', { scope: '' }],
      ['scope', { scope: 'ann' }],
      ['scope', { scope: 'key:2270' }],
      ['take', { take: 0 }],
      ['take', { take: 1.5 }],
      // The next one of the recipe, or the sum with another's, would be beyond what a double counts.
      ['take', { take: Number.MAX_SAFE_INTEGER }],
      ['elapsed_ms', { elapsed_ms: Number.MAX_SAFE_INTEGER }],
      ['cost', { cost: { amount: 1e308, currency: 'CNY' } }],
      ['images', { images: Array.from({ length: 101 }, () => entry?.images[0]) }],
      [
        'references',
        { references: Array.from({ length: 101 }, () => ({ field: 'x', sha256: '0'.repeat(64) })) },
      ],
      ['cost', { cost: { amount: -1, currency: 'CNY' } }],
      ['cost', { cost: { amount: 1, currency: 'EUR' } }],
      ['created_at', { created_at: 'yesterday' }],
      ['created_at', { created_at: '2026-13-01T00:00:00Z' }],
      ['elapsed_ms', { elapsed_ms: -1 }],
      ['pinned', { pinned: 'yes' }],
      ['tags', { tags: 'x' }],
      ['hits', { hits: 5 }],
    ];
    for (const [field, change] of refused) {
      const { status, json } = await importEntry(target, { ...entry, ...change });
      expect([change, status, json.field]).toEqual([change, 400, field]);
    }
    expect((await importEntry(target, entry, '?scope=a%20b')).json.field).toBe('scope');
    expect((await importEntry(target, entry, '?take=1')).status).toBe(400);
    const long = { ...entry, upstream_request_id: 'x'.repeat(1_000_000) };
    expect((await importEntry(target, long)).status).toBe(413);
    expect(await readAllRows(target)).toEqual(rows);
  });

  it('does not let an entry in whose picture was damaged on this disk', async () => {
    const { stack } = await source();
    const target = await startStack(SHARED);
    const [entry] = await exported(stack, await keyOf(stack, 'a fox'));
    const digest = entry?.images[0]?.sha256 ?? '';
    const good = new Uint8Array(await (await fetch(`${stack.origin}/blobs/${digest}`)).arrayBuffer());
    expect((await putBlob(target, digest, good)).status).toBe(200);
    await writeFile(blobFile(target, `/blobs/${digest}`), 'damaged');
    const refused = await importEntry(target, entry);
    expect([refused.status, refused.json.field]).toEqual([400, 'images[0].sha256']);
    expect((await putBlob(target, digest, good)).status).toBe(200);
    expect((await importEntry(target, entry)).status).toBe(201);
  });

  it('counts what is newer than now as stored now', async () => {
    const { stack, fox } = await source();
    const target = await startStack(SHARED);
    const key = await keyOf(stack, 'a fox');
    const [entry] = await exported(stack, key);
    const digest = entry?.images[0]?.sha256 ?? '';
    await putBlob(
      target,
      digest,
      new Uint8Array(await (await fetch(`${stack.origin}/blobs/${digest}`)).arrayBuffer()),
    );
    await importEntry(target, { ...entry, created_at: '2999-01-01T00:00:00.000Z' });
    const hit = await target.generate(fox);
    expect([xCache(hit), hit.headers.get('age')]).toEqual(['HIT', '0']);
  });
});

describe('a picture that is put', () => {
  it('must be the one that its address names, whole, within the bound', async () => {
    const target = await startStack({ ...SHARED, DASHCACHE_MAX_IMAGE: '100000' });
    const bytes = png(64, 64);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const sha = (of: Uint8Array) => createHash('sha256').update(of).digest('hex');
    const cut = bytes.slice(0, -10);
    const text = new TextEncoder().encode('<script>alert(1)</script>');
    const large = new Uint8Array(100_001);
    const refused: [string, Uint8Array, number][] = [
      ['0'.repeat(64), bytes, 400],
      [sha(cut), cut, 400],
      [sha(text), text, 400],
      [sha(large), large, 413],
      [digest.toUpperCase(), bytes, 400],
      [sha(new Uint8Array()), new Uint8Array(), 400],
    ];
    for (const [name, sent, status] of refused) {
      expect([name, (await putBlob(target, name, sent)).status]).toEqual([name, status]);
    }
    expect(await listBlobFiles(target)).toEqual([]);
    const put = await putBlob(target, digest, bytes);
    expect(put.json).toEqual({
      sha256: digest,
      width: 64,
      height: 64,
      media_type: 'image/png',
      bytes: bytes.length,
    });
    // No entry shows it yet: nobody is served it.
    expect((await fetch(`${target.origin}/blobs/${digest}`)).status).toBe(404);
    expect((await target.request('GET', `/admin/api/blobs/${digest}`)).status).toBe(405);
  });
});
