import { describe, expect, it } from 'vitest';
import { admin, keyOf, listed } from '../../support/clients/admin.ts';
import { edit } from '../../support/clients/assets.ts';
import { readAllRows, readRows, writeRows } from '../../support/data/rows.ts';
import { body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const draw = async (
  stack: Stack,
  prompt: string,
  parameters: object = {},
  key = 'sk-test-0123456789abcdef',
) => {
  const answer = await stack.generate(body(prompt, { ...SMALL, ...parameters }), {
    authorization: `Bearer ${key}`,
  });
  expect(answer.status).toBe(200);
  return answer;
};

describe('the list of entries', () => {
  it('tells each entry as described, newest first', async () => {
    const stack = await startStack();
    const [url = ''] = imageUrls(await draw(stack, 'a fox', { seed: 7 }));
    await draw(stack, 'a crow');
    const { json } = await admin(stack, 'GET', 'entries');
    expect(json.next_cursor).toBeNull();
    expect(json.entries.map(({ prompt }: { prompt: string }) => prompt)).toEqual(['a crow', 'a fox']);
    expect(json.entries[1]).toEqual({
      id: 1,
      key: expect.stringMatching(/^k1:[0-9a-f]{32}$/),
      site: 'simulator',
      scope: expect.stringMatching(/^key:/),
      take: 1,
      model: 'qwen-image-max',
      prompt: 'a fox',
      size: '512*512',
      seed: 7,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      used_at: expect.stringMatching(/Z$/),
      invalidated_at: null,
      hits: 0,
      pinned: false,
      tags: [],
      cost: { amount: 0.5, currency: 'CNY' },
      images: [
        {
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          url,
          width: 512,
          height: 512,
          media_type: 'image/png',
          bytes: (await bytesAt(url)).length,
        },
      ],
    });
    expect(json.entries[0].seed).toBeNull();
  });

  it('finds words, phrases, beginnings, and Chinese by a single character', async () => {
    const stack = await startStack();
    for (const prompt of [
      'A quick brown Fox, 4K',
      '雪山上的红色狐狸',
      'école d’été 🦊',
      'ＦＵＬＬ width',
      'brown quick',
    ])
      await draw(stack, prompt);
    const found: [string, string[]][] = [
      ['fox', ['A quick brown Fox, 4K']],
      ['FOX brown', ['A quick brown Fox, 4K']],
      ['quick brown', ['brown quick', 'A quick brown Fox, 4K']],
      ['"quick brown"', ['A quick brown Fox, 4K']],
      ['"quick fox"', []],
      ['qui* 4k', ['A quick brown Fox, 4K']],
      ['qui', []],
      ['红', ['雪山上的红色狐狸']],
      ['狐狸', ['雪山上的红色狐狸']],
      ['狐 山', ['雪山上的红色狐狸']],
      ['狸狐', []],
      ['ecole ete', ['école d’été 🦊']],
      ['🦊', ['école d’été 🦊']],
      ['full', ['ＦＵＬＬ width']],
      ['fox, -', ['A quick brown Fox, 4K']],
      ['!?', []],
      ['"', []],
      ['\u{ff02}fox\u{ff02}) OR (x', []],
      ['fox NOT brown', []],
      ['words:fox', []],
      ['fox\0brown', []],
    ];
    for (const [q, prompts] of found) expect([q, await listed(stack, { q })]).toEqual([q, prompts]);
  });

  it('filters by everything, alone and together', async () => {
    const stack = await startStack();
    await draw(stack, 'one', { seed: 1 }, 'sk-alice');
    await draw(stack, 'two', { seed: 2, size: '1328*1328' }, 'sk-bob');
    await stack.generate(body('three', {}, 'qwen-image-2.0-pro'));
    const { entries } = (await admin(stack, 'GET', 'entries')).json;
    const [three, two, one] = entries;
    await admin(stack, 'POST', `entries/${two.key}/pin`, { pinned: true });
    await admin(stack, 'PUT', `entries/${one.key}/tags`, { tags: ['Mood board', '海报'] });
    const found: [Record<string, string>, string[]][] = [
      [{ model: 'qwen-image-2.0-pro' }, ['three']],
      [{ model: 'QWEN-IMAGE-2.0-PRO' }, []],
      [{ size: '1328x1328' }, ['two']],
      [{ seed: '1' }, ['one']],
      [{ seed: '12' }, []],
      [{ scope: one.scope }, ['one']],
      [{ scope: two.scope }, ['two']],
      [{ site: 'simulator' }, ['three', 'two', 'one']],
      [{ site: 'cn' }, []],
      [{ tag: 'Mood board' }, ['one']],
      [{ tag: 'mood board' }, []],
      [{ tag: '海报' }, ['one']],
      [{ pinned: 'true' }, ['two']],
      [{ pinned: 'false' }, ['three', 'one']],
      [{ pinned: 'false', site: 'simulator', q: 'one' }, ['one']],
      [{ max_age: '1h' }, ['three', 'two', 'one']],
      [{ min_age: '1h' }, []],
      [{ max_age: '0s', min_age: '1h' }, []],
      [{ q: '', model: '' }, ['three', 'two', 'one']],
    ];
    for (const [query, prompts] of found) {
      for (const sort of ['created', 'used', 'hits'])
        expect([query, sort, await listed(stack, { ...query, sort })]).toEqual([query, sort, prompts]);
    }
    expect(three.model).toBe('qwen-image-2.0-pro');
  });

  it('sorts by use and by hits', async () => {
    const stack = await startStack();
    for (const prompt of ['one', 'two', 'three']) await draw(stack, prompt);
    for (const prompt of ['one', 'two', 'one']) await draw(stack, prompt);
    // Hits that are not written yet count, too.
    expect(await listed(stack, { sort: 'hits' })).toEqual(['one', 'two', 'three']);
    await draw(stack, 'one');
    const { takes } = (await admin(stack, 'GET', `entries/${await keyOf(stack, 'one')}`)).json;
    expect(takes[0].hits).toBe(3);
    await stack.stopServer();
    writeRows(stack, `update entries set used_at = id * 1000`);
    await stack.startServer();
    expect(await listed(stack, { sort: 'used' })).toEqual(['three', 'two', 'one']);
  });

  it('pages without gaps and repetitions, also while entries come and go', async () => {
    const stack = await startStack();
    for (const prompt of ['a1', 'a2', 'a3', 'a4', 'a5']) await draw(stack, prompt);
    for (const sort of ['created', 'used', 'hits']) {
      for (const filter of ['', '&site=simulator', '&max_age=1d']) {
        const prompts: string[] = [];
        for (let cursor: string | null = ''; cursor !== null; ) {
          const page = await admin(stack, 'GET', `entries?limit=2&sort=${sort}${filter}&cursor=${cursor}`);
          expect(page.json.entries.length).toBeGreaterThan(0);
          prompts.push(...page.json.entries.map(({ prompt }: { prompt: string }) => prompt));
          cursor = page.json.next_cursor;
        }
        expect([sort, filter, prompts]).toEqual([sort, filter, ['a5', 'a4', 'a3', 'a2', 'a1']]);
      }
    }
    const first = (await admin(stack, 'GET', 'entries?limit=2')).json;
    await draw(stack, 'a6');
    await admin(stack, 'DELETE', `entries/${await keyOf(stack, 'a4')}`);
    const second = (await admin(stack, 'GET', `entries?limit=9&cursor=${first.next_cursor}`)).json;
    expect(second.entries.map(({ prompt }: { prompt: string }) => prompt)).toEqual(['a3', 'a2', 'a1']);
  });

  it('refuses what it does not understand', async () => {
    const stack = await startStack();
    const refused: [string, string][] = [
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['limit=ten', 'limit'],
      ['sort=price', 'sort'],
      ['cursor=x', 'cursor'],
      ['cursor=used.1.1', 'cursor'],
      ['cursor=created.9999999999999999.1', 'cursor'],
      ['cursor=created.1.1%27--', 'cursor'],
      ['seed=1.5', 'seed'],
      ['seed=9007199254740993', 'seed'],
      ['pinned=yes', 'pinned'],
      ['min_age=old', 'min_age'],
      ['max_age=-1d', 'max_age'],
      ['modell=x', 'modell'],
      ['model=a&model=b', 'model'],
      [`q=${'x'.repeat(1001)}`, 'q'],
    ];
    for (const [query, field] of refused) {
      const { status, headers, json } = await admin(stack, 'GET', `entries?${query}`);
      expect([query, status, json.code, json.field]).toEqual([query, 400, 'invalid_request', field]);
      expect(headers.get('content-type')).toBe('application/problem+json');
    }
    expect(await listed(stack, { q: 'x '.repeat(500) })).toEqual([]);
    expect((await admin(stack, 'DELETE', 'entries')).status).toBe(405);
  });
});

describe('one key', () => {
  it('shows every take with recipe, cost and usage, and the lineage of edits', async () => {
    const stack = await startStack();
    const drawn = await draw(stack, 'a fox', { seed: 1 });
    const [url = ''] = imageUrls(drawn);
    await stack.generate(body('a fox', { ...SMALL, seed: 1 }), { 'cache-control': 'no-cache' });
    const edited = await stack.generate(edit(url));
    expect(edited.status).toBe(200);
    const fox = await keyOf(stack, 'a fox');
    const copper = await keyOf(stack, 'from steel to copper');

    const { json } = await admin(stack, 'GET', `entries/${encodeURIComponent(fox)}`);
    expect(json.key).toBe(fox);
    expect(json.takes.map(({ take }: { take: number }) => take)).toEqual([2, 1]);
    expect(json.takes[1]).toMatchObject({
      canonical: { model: 'qwen-image-max', input: { prompt: 'a fox' } },
      usage: { image_count: 1 },
      upstream_request_id: expect.any(String),
      elapsed_ms: expect.any(Number),
      references: [],
      used_as_reference_by: [
        {
          key: copper,
          prompt: 'from steel to copper',
          id: expect.any(Number),
          site: 'simulator',
          scope: expect.stringMatching(/^key:/),
        },
      ],
    });
    const [child] = (await admin(stack, 'GET', `entries/${copper}`)).json.takes;
    const drawers = (await admin(stack, 'GET', `entries/${fox}`)).json.takes
      .filter(({ images }: { images: { url: string }[] }) => images[0]?.url === url)
      .map(({ id, key, site, scope }: Record<string, unknown>) => ({ id, key, site, scope }));
    expect(child.references).toEqual([
      {
        position: 0,
        field: expect.stringContaining('image'),
        sha256: /blobs\/([0-9a-f]{64})/.exec(url)?.[1],
        known: true,
        drawn_by: drawers,
      },
    ]);
    expect((await admin(stack, 'GET', `entries/${fox}?take=2`)).json.takes).toHaveLength(1);
  });

  it('is 404 when it is unknown, and asks for the scope when several hold it, unless all are to be seen', async () => {
    const stack = await startStack();
    await draw(stack, 'shared', {}, 'sk-alice');
    await draw(stack, 'shared', {}, 'sk-bob');
    const key = await keyOf(stack, 'shared');
    const [{ scope }] = (await admin(stack, 'GET', 'entries')).json.entries;
    const calls: [string, string, unknown?][] = [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/invalidate'],
      ['POST', '/pin', { pinned: true }],
      ['PUT', '/tags', { tags: [] }],
    ];
    const before = readAllRows(stack);
    for (const [method, path, value] of calls) {
      for (const strange of [`k1:${'0'.repeat(32)}`, 'k1:x', '%00', `k2:${'0'.repeat(32)}`])
        expect((await admin(stack, method, `entries/${strange}${path}`, value)).status).toBe(404);
      expect((await admin(stack, method, `entries/${key}${path}?take=9`, value)).status).toBe(404);
      expect((await admin(stack, method, `entries/${key}${path}?scope=nobody`, value)).status).toBe(404);
      const cutShort = await admin(stack, method, `entries/${key.slice(0, 12)}${path}`, value);
      expect(cutShort.json.detail).toBe('No such entry is stored: a key is k1: and 32 hex digits.');
      // A variable of a script that is not set: it was to narrow something.
      for (const name of ['take', 'scope', 'site']) {
        const empty = await admin(stack, method, `entries/${key}${path}?${name}=`, value);
        expect([name, empty.status, empty.json.field]).toEqual([name, 400, name]);
      }
      const many = await admin(stack, method, `entries/${key}${path}`, value);
      expect([many.status, many.json.field]).toEqual([400, 'scope']);
    }
    expect((await admin(stack, 'GET', `entries/${key}?all=true`)).json.takes).toHaveLength(2);
    expect((await admin(stack, 'DELETE', `entries/${key}?all=true`)).json.field).toBe('all');
    expect(readAllRows(stack)).toEqual(before);
    for (const [method, path, value] of [...calls.slice(2), ...calls.slice(0, 2)]) {
      const one = await admin(
        stack,
        method,
        `entries/${key}${path}?scope=${encodeURIComponent(scope)}`,
        value,
      );
      expect([method, path, one.status]).toEqual([method, path, 200]);
    }
    expect(await listed(stack)).toEqual(['shared']);
  });

  it('deletes at once, for repeated requests too, and only pictures that nobody else shows', async () => {
    const stack = await startStack();
    const request = body('doomed', { ...SMALL, seed: 3 });
    const [url = ''] = imageUrls(await stack.generate(request));
    for (let turn = 0; turn < 3; turn += 1)
      expect((await stack.generate(request)).headers.get('x-cache')).toBe('HIT');
    const key = await keyOf(stack, 'doomed');
    const { bytes } = (await admin(stack, 'GET', `entries/${key}`)).json.takes[0].images[0];
    expect((await admin(stack, 'DELETE', `entries/${key}`)).json).toEqual({ entries: 1, blobs: 1, bytes });
    expect((await fetch(url)).status).toBe(404);
    expect((await admin(stack, 'GET', `entries/${key}`)).status).toBe(404);
    expect((await admin(stack, 'DELETE', `entries/${key}`)).status).toBe(404);
    const again = await stack.generate(request);
    expect(again.headers.get('x-cache')).toBe('MISS');

    // Drawn alike for two callers: one picture.
    await draw(stack, 'twins', { seed: 9 }, 'sk-alice');
    await draw(stack, 'twins', { seed: 9 }, 'sk-bob');
    const [{ key: twins, scope, images }] = (await admin(stack, 'GET', 'entries?q=twins')).json.entries;
    expect(readRows(stack, `select * from images where sha256 = '${images[0].sha256}'`)).toHaveLength(2);
    const one = await admin(stack, 'DELETE', `entries/${twins}?scope=${encodeURIComponent(scope)}`);
    expect(one.json).toEqual({ entries: 1, blobs: 0, bytes: 0 });
    expect((await fetch(images[0].url)).status).toBe(200);
  });

  it('invalidated answers nobody, in no way, and keeps its picture', async () => {
    const stack = await startStack();
    const request = body('stale', SMALL);
    const [url = ''] = imageUrls(await stack.generate(request));
    for (let turn = 0; turn < 3; turn += 1) await stack.generate(request);
    expect(stack.asked).toBe(1);
    const key = await keyOf(stack, 'stale');
    expect((await admin(stack, 'POST', `entries/${key}/invalidate`)).json).toEqual({ entries: 1 });
    for (const headers of [
      { 'cache-control': 'only-if-cached' },
      { 'cache-control': 'only-if-cached', 'x-dashcache-take': '1' },
    ])
      expect((await stack.generate(request, headers)).status).toBe(504);
    expect((await fetch(url)).status).toBe(200);
    expect((await stack.generate(request)).headers.get('x-cache')).toBe('MISS');
    expect((await stack.generate(request)).headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(2);
    const { takes } = (await admin(stack, 'GET', `entries/${key}`)).json;
    expect(
      takes.map(({ take, invalidated_at }: { take: number; invalidated_at: unknown }) => [
        take,
        invalidated_at,
      ]),
    ).toEqual([
      [2, null],
      [1, expect.stringMatching(/Z$/)],
    ]);
    // Takes that rotate pass it by.
    await stack.stopServer();
    await stack.startServer({ DASHCACHE_SEEDLESS: 'takes:2' });
    const urls = [];
    for (let turn = 0; turn < 3; turn += 1)
      urls.push(...imageUrls(await stack.generate(request)).map((shown) => new URL(shown).pathname));
    expect(urls).not.toContain(new URL(url).pathname);
  });

  it('gives up its number to the one that is bought in its place, so that it is bought once', async () => {
    const stack = await startStack();
    const named = () => stack.generate(body('stale', SMALL), { 'x-dashcache-take': '1' });
    const [old = ''] = imageUrls(await named());
    const key = await keyOf(stack, 'stale');
    await admin(stack, 'POST', `entries/${key}/invalidate`);
    expect((await named()).headers.get('x-cache')).toBe('MISS');
    expect((await named()).headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(2);
    const { takes } = (await admin(stack, 'GET', `entries/${key}`)).json;
    expect(
      takes.map(({ take, invalidated_at }: { take: number; invalidated_at: unknown }) => [
        take,
        invalidated_at === null,
      ]),
    ).toEqual([
      [1, true],
      [2, false],
    ]);
    expect((await fetch(old)).status).toBe(200);
  });

  it('pinned outlives the age limit, at once', async () => {
    const stack = await startStack({ DASHCACHE_MAX_AGE: '1h' });
    await draw(stack, 'kept', { seed: 1 });
    await draw(stack, 'kept', { seed: 1 });
    await stack.stopServer();
    writeRows(stack, 'update entries set created_at = created_at - 7200000');
    await stack.startServer();
    const key = await keyOf(stack, 'kept');
    const cached = () =>
      stack.generate(body('kept', { ...SMALL, seed: 1 }), { 'cache-control': 'only-if-cached' });
    expect((await cached()).status).toBe(504);
    await admin(stack, 'POST', `entries/${key}/pin`, { pinned: true });
    expect((await cached()).headers.get('x-cache')).toBe('HIT');
    await admin(stack, 'POST', `entries/${key}/pin`, { pinned: false });
    expect((await cached()).status).toBe(504);
  });

  it('refuses bodies that are not as described, and changes nothing', async () => {
    const stack = await startStack();
    await draw(stack, 'a fox');
    const key = await keyOf(stack, 'a fox');
    const before = readAllRows(stack);
    const refused: [string, string, unknown, number][] = [
      ['POST', 'pin', {}, 400],
      ['POST', 'pin', { pinned: 'yes' }, 400],
      ['POST', 'pin', { pinned: true, takes: 1 }, 400],
      ['POST', 'pin', [], 400],
      ['PUT', 'tags', {}, 400],
      ['PUT', 'tags', { tags: 'a' }, 400],
      ['PUT', 'tags', { tags: [''] }, 400],
      ['PUT', 'tags', { tags: [' a'] }, 400],
      ['PUT', 'tags', { tags: ['a\nb'] }, 400],
      ['PUT', 'tags', { tags: ['a', 5] }, 400],
      ['PUT', 'tags', { tags: ['x'.repeat(65)] }, 400],
      ['PUT', 'tags', { tags: Array.from({ length: 33 }, (_, index) => String(index)) }, 400],
      ['PUT', 'tags', { tags: ['x'.repeat(70_000)] }, 413],
      ['GET', 'pin', undefined, 405],
    ];
    for (const [method, path, value, status] of refused) {
      const answer = await admin(stack, method, `entries/${key}/${path}`, value);
      expect([path, value, answer.status]).toEqual([path, value, status]);
    }
    const plain = await stack.request('POST', `/admin/api/entries/${key}/pin`, { body: '{"pinned":true}' });
    expect(plain.status).toBe(415);
    expect(readAllRows(stack)).toEqual(before);
  });
});
