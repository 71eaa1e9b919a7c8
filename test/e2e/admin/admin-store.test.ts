import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { admin, keyOf, listed } from '../../support/clients/admin.ts';
import { readEvents } from '../../support/clients/event-stream.ts';
import { blobFile } from '../../support/data/blob-files.ts';
import { readAllRows, readRows, writeRows } from '../../support/data/rows.ts';
import { body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const draw = async (stack: Stack, prompt: string, parameters: object = {}) => {
  const answer = await stack.generate(body(prompt, { ...SMALL, ...parameters }));
  expect(answer.status).toBe(200);
  return answer;
};

const purge = (stack: Stack, value: unknown) => admin(stack, 'POST', 'purge', value);

/** The events of a call that takes them. */
async function* eventsOf(stack: Stack, method: string, path: string, signal?: AbortSignal) {
  const response = await fetch(`${stack.origin}/admin/api/${path}`, {
    method,
    headers: { accept: 'text/event-stream' },
    ...(signal === undefined ? {} : { signal }),
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  yield* readEvents(response);
}

describe('purge', () => {
  it('foresees exactly what it then removes, and changes nothing before', async () => {
    const stack = await startStack();
    const [url = ''] = imageUrls(await draw(stack, 'red fox', { seed: 1 }));
    await draw(stack, 'red crow', { seed: 2 });
    await draw(stack, 'blue fox', { seed: 3 });
    // The same picture for somebody else: its bytes stay.
    await stack.generate(body('red fox', { ...SMALL, seed: 1 }), { authorization: 'Bearer sk-other' });
    const own = (await admin(stack, 'GET', 'entries?q=crow')).json.entries[0].scope;
    const filter = { q: 'red', scope: own, pinned: null };
    const before = readAllRows(stack);
    const { json: foreseen } = await purge(stack, { filter, dry_run: true });
    expect(readAllRows(stack)).toEqual(before);
    expect(foreseen).toMatchObject({ entries: 2, blobs: 1, bytes: expect.any(Number) });
    expect(foreseen.sample.map(({ prompt }: { prompt: string }) => prompt)).toEqual(['red crow', 'red fox']);
    expect((await purge(stack, { filter })).json).toEqual(foreseen);
    expect(await listed(stack)).toEqual(['red fox', 'blue fox']);
    expect((await fetch(url)).status).toBe(200);
    expect((await purge(stack, { filter })).json).toEqual({ entries: 0, blobs: 0, bytes: 0, sample: [] });
    // Both who show it: now it goes.
    const all = (await purge(stack, { all: true, dry_run: true })).json;
    expect(all).toMatchObject({ entries: 2, blobs: 2 });
    expect((await purge(stack, { all: true })).json).toEqual(all);
    expect((await fetch(url)).status).toBe(404);
    expect((await stack.generate(body('blue fox', { ...SMALL, seed: 3 }))).headers.get('x-cache')).toBe(
      'MISS',
    );
  });

  it('goes through more entries than it takes in one go', async () => {
    const stack = await startStack();
    await draw(stack, 'one', { seed: 1 });
    await stack.stopServer();
    writeRows(
      stack,
      `with recursive n (n) as (select 2 union all select n + 1 from n where n < 1200)
       insert into entries (id, site, scope, key, take, canonical, model, prompt, answer, created_at, used_at)
       select n.n, site, scope, key, n.n, canonical, model, prompt || n.n, answer, created_at, used_at from entries, n;
       insert into images select id, 0, (select sha256 from blobs), null from entries where id > 1;
       insert into search_backlog select id from entries where id > 1;
       update entry_totals set entries = 1200, bytes = 1200 * bytes;`,
    );
    await stack.startServer();
    await stack.server.services.searchBackfill.run();
    expect(await listed(stack, { q: 'one777' })).toEqual(['one777']);
    const filter = { q: 'one*' };
    const foreseen = (await purge(stack, { filter, dry_run: true })).json;
    expect(foreseen).toMatchObject({ entries: 1200, blobs: 1 });
    expect(foreseen.sample).toHaveLength(10);
    expect((await purge(stack, { filter })).json).toEqual(foreseen);
    expect(readRows(stack, 'select * from entry_totals')).toEqual([]);
    expect(readRows(stack, 'select blobs, bytes from blob_totals')).toEqual([{ blobs: 0, bytes: 0 }]);
  });

  it('removes nothing unless it is told clearly what', async () => {
    const stack = await startStack();
    await draw(stack, 'precious');
    const before = readAllRows(stack);
    const refused: [unknown, string | undefined][] = [
      [{}, 'filter'],
      [{ filter: {} }, 'filter'],
      [{ filter: null, dry_run: false }, 'filter'],
      [{ filter: { model: null } }, 'filter'],
      [{ filter: { modell: 'x' } }, 'filter.modell'],
      [{ filter: { model: '' } }, 'filter.model'],
      [{ filter: { tag: ['a'] } }, 'filter.tag'],
      [{ filter: { pinned: 'maybe' } }, 'pinned'],
      [{ filter: { min_age: '30d', max_age: 'x' } }, 'max_age'],
      // What is longer than queries may be is no smaller a burden in a body.
      [{ filter: { q: 'x'.repeat(1_001) } }, 'q'],
      [{ filter: { size: '1'.repeat(1_001) } }, 'size'],
      [{ filter: { q: Array.from({ length: 101 }, (_, i) => `light${i}`).join(' ') }, dry_run: true }, 'q'],
      [{ filter: { q: `"${'漂'.repeat(101)}"` }, dry_run: true }, 'q'],
      // One of these characters stands for four words.
      [{ filter: { q: '\ufdfa'.repeat(34) }, dry_run: true }, 'q'],
      [{ filter: 'all' }, 'filter'],
      [{ all: 'yes' }, 'all'],
      [{ all: false }, 'filter'],
      [{ all: true, filter: { model: 'x' } }, 'all'],
      [{ all: true, dryrun: true }, 'dryrun'],
      [{ all: true, dry_run: 'true' }, 'dry_run'],
      [[], undefined],
    ];
    for (const [value, field] of refused) {
      const { status, json } = await purge(stack, value);
      expect([value, status, json.code, json.field]).toEqual([value, 400, 'invalid_request', field]);
    }
    const twice = await stack.request('POST', '/admin/api/purge', {
      body: '{"filter":{"tag":"a","tag":"b"}}',
      headers: { 'content-type': 'application/json' },
    });
    expect(twice.status).toBe(400);
    expect((await purge(stack, { filter: { q: 'x'.repeat(70_000) } })).status).toBe(413);
    expect((await purge(stack, { filter: { q: '!?' } })).json.entries).toBe(0);
    expect((await purge(stack, { filter: { q: Array(100).fill('x').join(' ') } })).status).toBe(200);
    expect((await admin(stack, 'GET', 'purge')).status).toBe(405);
    expect(readAllRows(stack)).toEqual(before);
  });
});

it('the statistics are true after everything that changes them', async () => {
  const stack = await startStack();
  await draw(stack, 'one', { seed: 1 });
  await draw(stack, 'one', { seed: 1 });
  await stack.generate(body('two', { n: 2 }, 'qwen-image-2.0-pro'));
  await stack.generate(body('three', { n: 2 }, 'qwen-image-2.0-pro'), {
    authorization: 'Bearer sk-other',
  });
  await stack.server.services.usage.flush();
  await admin(stack, 'DELETE', `entries/${await keyOf(stack, 'two')}`);
  const { json } = await admin(stack, 'GET', 'stats');
  const counted = (column: string) =>
    readRows(
      stack,
      `select e.${column}, count(distinct e.id) as entries, sum(b.size) as bytes, sum(e.hits) as hits
       from entries e join images i on i.entry_id = e.id join blobs b on b.sha256 = i.sha256
       group by 1 order by 2 desc, 1`,
    );
  expect(json).toMatchObject({
    ...readRows(
      stack,
      'select (select count(*) from entries) as entries, count(*) as blobs, sum(size) as bytes from blobs',
    )[0],
    models: counted('model'),
    scopes: counted('scope'),
  });
  expect(json.models).toHaveLength(2);
  expect(json.models[1]).toMatchObject({ model: 'qwen-image-max', entries: 1, hits: 1 });
});

it('what was stored before there was a search is found, also when finding it was interrupted', async () => {
  const stack = await startStack();
  for (const prompt of ['old 红', 'older', 'oldest']) await draw(stack, prompt, { seed: 5 });
  const { json: before } = await admin(stack, 'GET', 'stats');
  await stack.stopServer();
  // As the migration leaves a store from before it.
  writeRows(
    stack,
    `insert into entry_search (entry_search) values ('delete-all');
     insert into search_backlog select id from entries where id > 1`,
  );
  writeRows(stack, `insert into search_backlog values (1)`);
  await stack.startServer();
  await stack.server.services.searchBackfill.run();
  expect(await listed(stack, { q: '红' })).toEqual(['old 红']);
  expect(await listed(stack, { seed: '5', model: 'qwen-image-max' })).toEqual(['oldest', 'older', 'old 红']);
  expect(readRows(stack, 'select * from search_backlog')).toEqual([]);
  expect((await admin(stack, 'GET', 'stats')).json).toEqual(before);
});

describe('verify', () => {
  it('finds what is damaged or gone, heals what can be had again, drops the rest', async () => {
    const stack = await startStack();
    const [whole = ''] = imageUrls(await draw(stack, 'whole'));
    const [damaged = ''] = imageUrls(await draw(stack, 'damaged'));
    const [missing = ''] = imageUrls(await draw(stack, 'missing'));
    const [lost = ''] = imageUrls(await draw(stack, 'lost'));
    const right = await bytesAt(damaged);
    await writeFile(
      blobFile(stack, damaged),
      right.map((byte, index) => (index === 100 ? byte ^ 1 : byte)),
    );
    await rm(blobFile(stack, missing));
    await rm(blobFile(stack, lost));
    writeRows(
      stack,
      "update images set source_url = null where entry_id = (select id from entries where prompt = 'lost')",
    );
    expect((await admin(stack, 'POST', 'verify')).json).toEqual({
      checked: 4,
      damaged: 3,
      healed: 2,
      dropped: 1,
    });
    expect(await bytesAt(damaged)).toEqual(right);
    for (const [url, status] of [
      [whole, 200],
      [missing, 200],
      [lost, 404],
    ] as const)
      expect((await fetch(url)).status).toBe(status);
    expect(await listed(stack)).toEqual(['missing', 'damaged', 'whole']);
    const events = [];
    for await (const event of eventsOf(stack, 'POST', 'verify')) events.push(event);
    expect(events.at(-1)).toEqual({ event: 'done', data: { checked: 3, damaged: 0, healed: 0, dropped: 0 } });
    expect(events.slice(0, -1).every(({ event }) => event === 'progress')).toBe(true);
  });
});

it('collect brings the store within its bounds at once', async () => {
  const stack = await startStack();
  await draw(stack, 'old');
  await draw(stack, 'pinned');
  await admin(stack, 'POST', `entries/${await keyOf(stack, 'pinned')}/pin`, { pinned: true });
  expect((await admin(stack, 'POST', 'collect')).json).toEqual({ entries: 0, blobs: 0, bytes: 0 });
  await stack.stopServer();
  await stack.startServer({ DASHCACHE_MAX_BYTES: '1' });
  expect((await admin(stack, 'POST', 'collect')).json).toMatchObject({ entries: 1, blobs: 1 });
  expect(await listed(stack)).toEqual(['pinned']);
});

describe('flights', () => {
  it('are told while they last, and as events when something changes', async () => {
    const stack = await startStack();
    expect((await admin(stack, 'GET', 'flights')).json).toEqual({ flights: [], queued: 0 });
    const line = new AbortController();
    onTestFinished(() => line.abort());
    const events = eventsOf(stack, 'GET', 'flights/events', line.signal);
    expect((await events.next()).value).toEqual({ event: 'flights', data: { flights: [], queued: 0 } });
    stack.simulator.control.fault({ on: 'generation', times: 1, effect: { kind: 'hold' } });
    const drawing = draw(stack, 'in the air');
    const told = (await events.next()).value;
    expect(told?.data.flights).toHaveLength(1);
    expect((await admin(stack, 'GET', 'flights')).json.flights[0]).toEqual({
      purchase_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      model: 'qwen-image-max',
      state: 'sent',
      stage: 'running',
      waiters: 1,
      age_ms: expect.any(Number),
    });
    stack.simulator.control.clearFaults();
    await drawing;
    for await (const { data } of events) if (data.flights.length === 0) break;
  });

  it('are shown to so many at once and no more; who leaves makes room', async () => {
    const stack = await startStack();
    const lines = Array.from({ length: 50 }, () => new AbortController());
    onTestFinished(() => {
      for (const line of lines) line.abort();
    });
    for (const { signal } of lines) await eventsOf(stack, 'GET', 'flights/events', signal).next();
    const full = await admin(stack, 'GET', 'flights/events');
    expect([full.status, full.json.code]).toEqual([429, 'overloaded']);
    lines[0]?.abort();
    const next = async () => {
      const line = new AbortController();
      onTestFinished(() => line.abort());
      const { status } = await fetch(`${stack.origin}/admin/api/flights/events`, { signal: line.signal });
      return status;
    };
    // The server hears of it in a moment.
    while ((await next()) === 429) expect((await admin(stack, 'GET', 'flights')).status).toBe(200);
  });

  it('their events do not keep the server from stopping', async () => {
    const stack = await startStack();
    const events = eventsOf(stack, 'GET', 'flights/events');
    await events.next();
    await stack.stopServer();
    expect((await events.next()).done).toBe(true);
  });
});

it('purchases are listed with what became of them, changed last first, page by page', async () => {
  const stack = await startStack();
  for (const prompt of ['one', 'two', 'three']) await draw(stack, prompt);
  await stack.stopServer();
  writeRows(
    stack,
    `update purchases set updated_at = 5;
     update purchases set state = 'unknown', error = 'cut off', entry_id = null, updated_at = 9 where rowid = 2`,
  );
  await stack.startServer();
  const first = (await admin(stack, 'GET', 'purchases?limit=2')).json;
  const second = (await admin(stack, 'GET', `purchases?limit=2&cursor=${first.next_cursor}`)).json;
  const rows = [...first.purchases, ...second.purchases];
  expect(rows.map(({ state }) => state)).toEqual(['unknown', 'stored', 'stored']);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
  expect(second.next_cursor).toBeNull();
  const unknown = (await admin(stack, 'GET', 'purchases?state=unknown')).json;
  expect(unknown.purchases).toEqual([
    {
      id: expect.any(String),
      site: 'simulator',
      scope: expect.stringMatching(/^key:/),
      key: expect.stringMatching(/^k1:/),
      model: 'qwen-image-max',
      state: 'unknown',
      upstream_task: null,
      images: 1,
      cost: { amount: 0.5, currency: 'CNY' },
      entry_id: null,
      status: 200,
      error: 'cut off',
      created_at: expect.stringMatching(/Z$/),
      updated_at: '1970-01-01T00:00:00.009Z',
    },
  ]);
  for (const query of ['state=lost', 'cursor=created.1.1', 'limit=0', 'x=1'])
    expect((await admin(stack, 'GET', `purchases?${query}`)).status).toBe(400);
});

it('nothing of it is open without the admin token where that is asked for', async () => {
  const stack = await startStack({ DASHCACHE_ADMIN_TOKEN: 'admin-secret-token' });
  await draw(stack, 'a fox');
  const before = readAllRows(stack);
  const key = `k1:${'0'.repeat(32)}`;
  const calls = [
    ['GET', 'entries'],
    ['GET', `entries/${key}`],
    ['DELETE', `entries/${key}`],
    ['POST', `entries/${key}/pin`],
    ['PUT', `entries/${key}/tags`],
    ['POST', `entries/${key}/invalidate`],
    ['POST', 'purge'],
    ['POST', 'verify'],
    ['POST', 'collect'],
    ['GET', 'flights'],
    ['GET', 'flights/events'],
    ['GET', 'purchases'],
    ['GET', 'stats'],
  ] as const;
  for (const [method, path] of calls) {
    const answer = await stack.request(method, `/admin/api/${path}`, { headers: { authorization: '' } });
    expect([path, answer.status]).toEqual([path, 401]);
  }
  expect(readAllRows(stack)).toEqual(before);
  const right = { authorization: 'Bearer admin-secret-token' };
  expect((await stack.request('GET', '/admin/api/stats', { headers: right })).json.entries).toBe(1);
});
