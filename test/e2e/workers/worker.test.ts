import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ASYNC, TEXT2IMAGE } from '../../support/clients/sdk.ts';
import { findClosedPort } from '../../support/servers/http-server.ts';
import { API_KEY, body } from '../../support/servers/stack.ts';
import { bundleWorker } from '../../support/servers/worker-bundle.ts';
import { startWorker, WorkerStack } from '../../support/servers/worker-stack.ts';

const SECRET = 'the secret of a test, of 32 characters';
const GOOD = { DASHCACHE_SECRET: SECRET, DASHCACHE_PUBLIC_URL: 'http://127.0.0.1:1' };

describe('the bundle', () => {
  it('is small, and holds nothing that exists on Node only', () => {
    const files = bundleWorker();
    const bytes = Buffer.concat(files.map((file) => file.bytes));
    const compressed = gzipSync(bytes).length;
    console.log(`The Worker: ${bytes.length} bytes, ${compressed} compressed.`);
    expect(compressed).toBeLessThan(1024 * 1024);
    const script = files.find(({ path }) => path.endsWith('.js'))?.bytes.toString() ?? '';
    const modules = [...script.matchAll(/^(?:import|export)\b[^'"`;]*?from\s+["']([^"']+)["']/gm)].map(
      ([, name]) => name,
    );
    expect(modules.filter((name) => name !== 'cloudflare:workers' && !name?.endsWith('.wasm'))).toEqual([]);
    const named = script.matchAll(/["'](node:[a-z_/]+|undici|sharp|better-sqlite3|@node-rs\/[a-z-]+)["']/g);
    // Hono's JSX asks for it only where there is a `process`, and does without.
    const others = [...named].map(([, name]) => name).filter((name) => name !== 'node:async_hooks');
    expect(others).toEqual([]);
  });
});

describe('a Worker that is not set up', () => {
  const WITHOUT: [string, Record<string, string>, { d1?: boolean; r2?: boolean; assets?: boolean }][] = [
    ['DB', GOOD, { d1: false }],
    ['BLOBS', GOOD, { r2: false }],
    ['ASSETS', GOOD, { assets: false }],
    ['DASHCACHE_SECRET', { ...GOOD, DASHCACHE_SECRET: 'short' }, {}],
    ['DASHCACHE_PUBLIC_URL', { DASHCACHE_SECRET: SECRET }, {}],
    ['DASHSCOPE_API_KEY', { ...GOOD, DASHCACHE_AUTH: 'token', DASHCACHE_TOKENS: 'a:0123456789abcdef' }, {}],
    ['DASHCACHE_DATA', { ...GOOD, DASHCACHE_DATA: '/data' }, {}],
    ['DASHCACHE_MAX_BODY', { ...GOOD, DASHCACHE_MAX_BODY: '17MiB' }, {}],
    ['DASHCACHE_TYPO', { ...GOOD, DASHCACHE_TYPO: '1' }, {}],
    ['local mode', { ...GOOD, DASHCACHE_AUTH: 'local' }, {}],
  ];

  it.each(WITHOUT)('says so at the first request: %s', async (name, env, bound) => {
    const port = await findClosedPort();
    const worker = await startWorker(port, env, bound);
    onTestFinished(() => worker.dispose());
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain(name);
  });
});

describe('an owner that ended', () => {
  const TOKEN = 'token-of-alice-000001';
  const as = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const OWN = {
    DASHCACHE_AUTH: 'token',
    DASHCACHE_TOKENS: `alice:${TOKEN}`,
    DASHSCOPE_API_KEY: API_KEY,
  };

  it('is followed by one that goes on with its job before it buys anew', async () => {
    const stack = await WorkerStack.start(OWN);
    onTestFinished(() => stack.close());
    const recipe = {
      model: 'wan2.5-t2i-preview',
      input: { prompt: 'a job' },
      parameters: { n: 1, size: '1280*1280' },
    };
    stack.simulator.control.holdTasks();
    await stack.request('POST', TEXT2IMAGE, { body: JSON.stringify(recipe), headers: { ...as, ...ASYNC } });
    await stack.restart();
    stack.simulator.control.resumeTasks();
    const again = await stack.generate(recipe, as);
    expect([again.status, stack.asked]).toEqual([200, 1]);
  });

  it('is followed by one that stores what it was answered before it buys anew', async () => {
    const stack = await WorkerStack.start(OWN);
    onTestFinished(() => stack.close());
    const { control } = stack.simulator;
    const held = control.fault({ on: 'image', effect: { kind: 'hold' } });
    const lost = stack.generate(body('answered', { size: '512*512' }), as).catch(() => undefined);
    await control.waitFor('image', 1);
    await stack.restart();
    await lost;
    held.release();
    const again = await stack.generate(body('answered', { size: '512*512' }), as);
    expect([again.status, stack.asked]).toEqual([200, 1]);
    const { results } = await (await stack.worker.getD1Database('DB'))
      .prepare('select state from purchases')
      .all();
    expect(results).toEqual([{ state: 'stored' }]);
  });
});

describe('the round of the caretaker', () => {
  it('says what can no longer be known of flights whose owner is gone, and leaves the others alone', async () => {
    const stack = await WorkerStack.start();
    onTestFinished(() => stack.close());
    await stack.generate(body('there', { size: '512*512' }));
    const database = await stack.worker.getD1Database('DB');
    const begun = (id: string, minutesAgo: number) => {
      const at = Date.now() - minutesAgo * 60_000;
      return database
        .prepare(
          `insert into purchases (id, site, scope, key, model, state, account, created_at, updated_at)
           select ?, site, scope, key, model, 'sent', account, ?, ? from purchases limit 1`,
        )
        .bind(id, at, at)
        .run();
    };
    await begun('dead', 31);
    await begun('alive', 29);
    await stack.tend();
    const states = async () =>
      (
        await database
          .prepare('select id, state from purchases where id in (?, ?) order by id')
          .bind('alive', 'dead')
          .all()
      ).results;
    // Its home says so, in an alarm of its own.
    await expect.poll(states).toEqual([
      { id: 'alive', state: 'sent' },
      { id: 'dead', state: 'unknown' },
    ]);
  });

  it('evicts what is beyond the bound, bytes and all', async () => {
    const stack = await WorkerStack.start({ DASHCACHE_MAX_BYTES: '1' });
    onTestFinished(() => stack.close());
    await stack.generate(body('gone', { size: '512*512' }), { authorization: `Bearer ${API_KEY}` });
    const bucket = await stack.worker.getR2Bucket('BLOBS');
    const keys = async () => (await bucket.list({ prefix: 'blobs/' })).objects.length;
    expect(await keys()).toBe(1);
    await stack.tend();
    expect(await keys()).toBe(0);
    const again = await stack.generate(body('gone', { size: '512*512' }));
    expect(again.headers.get('x-cache')).toBe('MISS');
  });

  it('does the rest when one of its works fails', async () => {
    const stack = await WorkerStack.start({ DASHCACHE_MAX_BYTES: '1' });
    onTestFinished(() => stack.close());
    await stack.generate(body('gone', { size: '512*512' }));
    const bucket = await stack.worker.getR2Bucket('BLOBS');
    expect((await bucket.list({ prefix: 'blobs/' })).objects).toHaveLength(1);
    await stack.run('drop table tasks');
    await stack.tend();
    expect((await bucket.list({ prefix: 'blobs/' })).objects).toEqual([]);
  });

  it('leaves alone, once a day, what is younger than any flight, and all that rows name', async () => {
    const stack = await WorkerStack.start();
    onTestFinished(() => stack.close());
    await stack.generate(body('kept', { size: '512*512' }));
    const bucket = await stack.worker.getR2Bucket('BLOBS');
    await bucket.put('stages/blobs/young', 'x');
    const keys = async () => (await bucket.list()).objects.map(({ key }) => key);
    const before = await keys();
    await stack.tend('17 3 * * *');
    expect(await keys()).toEqual(before);
  });
});
