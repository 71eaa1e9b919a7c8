import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTestSimulator } from '../../simulator/support.ts';
import { readRows } from '../../support/data/rows.ts';
import { inOneHour } from '../../support/in-one-hour.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';
import { body, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const read = (stack: Stack, query = '') => stack.request('GET', `/admin/api/ledger${query}`);

describe('GET /admin/api/ledger', () => {
  it('tells what requests came to, up to this moment', async () => {
    const stack = await startStack();
    const wish = body('a fox', SMALL);
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const burst = [stack.generate(wish), stack.generate(wish)];
    await stack.simulator.control.waitFor('generation', 1);
    held.release();
    const answers = await Promise.all(burst);
    const results = answers.map(({ headers }) => headers.get('x-cache')).sort();
    await stack.generate(wish);
    await stack.generate(wish);
    await stack.generate('{');
    const { status, json } = await read(stack, '?group=model');
    expect(status).toBe(200);
    const sums = new Map(json.rows.map((row: { model: string }) => [row.model, row]));
    const collapsed = results[0] === 'COALESCED' ? 1 : 0;
    expect(sums.get('qwen-image-max')).toMatchObject({
      hits: 3 - collapsed,
      misses: 1,
      coalesced: collapsed,
      spent: [{ currency: 'CNY', amount: 0.5 }],
      avoided: [{ currency: 'CNY', amount: 1.5 }],
      spent_unpriced: 0,
    });
    expect(sums.get('other')).toMatchObject({ errors: 1, spent: [] });
    const [{ bytes }] = (await read(stack)).json.rows;
    expect(bytes).toBe(readRows(stack, 'select size from blobs')[0]?.size);
  });

  it('counts what was paid and could not, or should not, be stored', async () => {
    const stack = await startStack({ DASHCACHE_DOWNLOAD_TIMEOUT: '300ms' });
    await stack.generate(body('a fox', SMALL), { 'cache-control': 'no-store' });
    stack.simulator.control.fault({ on: 'image', effect: { kind: 'refuse', status: 404 }, times: 99 });
    await stack.generate(body('a crow', SMALL));
    const [row] = (await read(stack)).json.rows;
    expect(row).toMatchObject({ spent: [{ currency: 'CNY', amount: 1 }], bytes: 0 });
  });

  it('is what statistics tell of money', async () => {
    const stack = await startStack();
    await stack.generate(body('a fox', SMALL));
    await stack.generate(body('a fox', SMALL));
    const { json } = await stack.request('GET', '/admin/api/stats');
    expect(json.cost).toEqual([{ currency: 'CNY', spent: 0.5, avoided: 0.5 }]);
  });

  it('outlives the server', () =>
    inOneHour(async () => {
      const stack = await startStack();
      await stack.generate(body('a fox', SMALL));
      await stack.stopServer();
      await stack.startServer();
      await stack.generate(body('a fox', SMALL));
      const [row] = (await read(stack, '?by=day')).json.rows;
      expect(row).toMatchObject({ hits: 1, misses: 1, spent: [{ amount: 0.5 }], avoided: [{ amount: 0.5 }] });
    }));

  it('speaks CSV', () =>
    inOneHour(async () => {
      const stack = await startStack();
      await stack.generate(body('a fox', SMALL));
      const { headers, text } = await read(stack, '?by=day&group=model&format=csv');
      expect(headers.get('content-type')).toMatch(/^text\/csv/);
      const [header, row, end] = text.split('\r\n');
      expect(header).toBe(
        'at,model,hits,misses,coalesced,bypassed,errors,bytes,spent_cny,spent_usd,spent_unpriced,avoided_cny,avoided_usd,avoided_unpriced,seconds_avoided',
      );
      expect(row).toMatch(/^\d{4}-\d\d-\d\dT00:00:00\.000Z,qwen-image-max,0,1,0,0,0,\d+,0\.5,0,0,0,0,0,0$/);
      expect(end).toBe('');
    }));

  it.each([
    ['by', 'week'],
    ['group', 'key'],
    ['format', 'xml'],
    ['from', 'yesterday'],
    ['from', '2026-13-01'],
    ['to', '1'],
    ['to', '1950-01-01'],
    ['model', 'qwen-image-max'],
  ])('%s=%s is refused, and named', async (name, value) => {
    const { status, json } = await read(await startStack(), `?${name}=${value}`);
    expect([status, json.field]).toEqual([400, name]);
  });

  it('a range that is past, to come or backwards is empty', async () => {
    const stack = await startStack();
    await stack.generate(body('a fox', SMALL));
    for (const query of ['from=2001-01-01&to=2001-02-01', 'from=2101-01-01', 'from=2101-01-01&to=2001-01-01'])
      expect((await read(stack, `?${query}`)).json).toEqual({ rows: [] });
    const some = await read(stack, '?from=2026-01-01T00:00:00%2B08:00&to=2101-01-01&by=day');
    expect(some.json.rows).toHaveLength(1);
  });
});

it('loses no more than its interval when the process is killed', async () => {
  const simulator = await startTestSimulator();
  const folder = await createFolder();
  const env = {
    DASHCACHE_DATA: join(folder, 'data'),
    DASHCACHE_UPSTREAM: simulator.origin,
    DASHCACHE_SITE: 'simulator',
  };
  const first = await ChildServer.start(env);
  const generate = (origin: string) =>
    fetch(`${origin}/v1/image.generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
      body: JSON.stringify({ prompt: 'a fox', size: '512*512' }),
    }).then((answer) => answer.text());
  const rows = async (origin: string) => {
    const answer = await fetch(`${origin}/admin/api/ledger`);
    const { rows: found }: { readonly rows: readonly object[] } = JSON.parse(await answer.text());
    return found;
  };
  await generate(first.origin);
  // Asking writes what is pending.
  expect(await rows(first.origin)).toMatchObject([{ misses: 1 }]);
  await generate(first.origin);
  first.kill('SIGKILL');
  await first.ended;
  const second = await ChildServer.start(env);
  expect(await rows(second.origin)).toMatchObject([{ misses: 1, hits: 0, spent: [{ amount: 0.5 }] }]);
});
