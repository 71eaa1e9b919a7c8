import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { PurchaseStore } from '../../../src/services/purchases/purchase-store.ts';
import { startTestSimulator } from '../../simulator/support.ts';
import { send } from '../../support/clients/http-client.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';
import { API_KEY, body, MULTIMODAL } from '../../support/servers/stack.ts';

const generate = (origin: string, prompt: string) =>
  fetch(origin + MULTIMODAL, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body(prompt, { size: '512*512', seed: 1 })),
  });

async function prepare(env: Readonly<Record<string, string>> = {}) {
  const simulator = await startTestSimulator();
  const folder = await createFolder();
  return {
    simulator,
    folder,
    env: {
      DASHCACHE_DATA: folder,
      DASHCACHE_UPSTREAM: simulator.origin,
      DASHCACHE_SITE: 'simulator',
      ...env,
    },
  };
}

async function purchaseCounts(folder: string) {
  const database = openDatabase(join(folder, 'dashcache.sqlite'));
  try {
    return await new PurchaseStore(database).counts();
  } finally {
    database.close();
  }
}

describe('serve', () => {
  it('prints where it listens, and answers there', async () => {
    const { env } = await prepare();
    const child = await ChildServer.start(env);
    const { origin } = child;
    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await child.stdoutLine(/^ {2}data /);
    expect(child.stdout.split('\n')[0]).toBe(`dashcache listens on ${origin}`);
    expect(await (await fetch(`${origin}/readyz`)).json()).toEqual({ status: 'ready' });
  });

  it('a second process on the folder is refused, with the pid of the first', async () => {
    const { env } = await prepare();
    const first = await ChildServer.start(env);
    const second = new ChildServer(env);
    expect(await second.ended).toBe(2);
    expect(second.stderr).toMatch(
      new RegExp(`^dashcache: data folder .* is in use by process ${first.pid}\\b`),
    );
    expect((await fetch(`${first.origin}/healthz`)).status).toBe(200);
  });

  it.each([
    ['PORT', 'many'],
    ['DASHCACHE_UPSTREAM', 'ftp://example.com'],
    ['DASHCACHE_AUTH', 'open'],
    ['DASHCACHE_SEEDLESS', 'takes:0'],
    ['DASHCACHE_MAX_BYTES', '-1'],
    ['DASHCACHE_DRAIN_TIMEOUT', 'soon'],
    ['DASHCACHE_NO_SUCH', 'x'],
  ])('%s=%s ends it with 2 and a line that names the variable', async (name, value) => {
    const child = new ChildServer({ DASHCACHE_DATA: await createFolder(), [name]: value });
    expect(await child.ended).toBe(2);
    expect(child.stderr).toMatch(new RegExp(`^dashcache: .*${name}.*\\n$`));
    expect(child.stdout).toBe('');
  });

  it('a port that is taken is said in one line', async () => {
    const { env, simulator } = await prepare();
    const { port } = new URL(simulator.origin);
    const child = new ChildServer({ ...env, PORT: port });
    expect(await child.ended).toBe(2);
    expect(child.stderr).toMatch(new RegExp(`^dashcache: .*PORT.*${port}.*\\n$`));
  });

  it.each(['0.0.0.0', '::', '192.0.2.1'])('HOST=%s is refused in local mode', async (host) => {
    const child = new ChildServer({
      DASHCACHE_DATA: await createFolder(),
      HOST: host,
      DASHCACHE_AUTH: 'local',
      DASHCACHE_PUBLIC_URL: 'https://cache.example',
    });
    expect(await child.ended).toBe(2);
    expect(child.stderr).toContain(`HOST=${host}`);
  });
});

describe('SIGTERM', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets the flight land and its client be answered, and takes no new connections',
    async (signal) => {
      const { env, folder, simulator } = await prepare();
      const child = await ChildServer.start(env);
      const held = simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
      const answer = generate(child.origin, 'last');
      await simulator.control.waitFor('generation', 1);
      child.kill(signal);
      await child.stdoutLine(new RegExp(`^${signal}: `));
      await expect(send(child.origin, { path: '/healthz' })).rejects.toThrow(/ECONNREFUSED/);
      held.release();
      const response = await answer;
      expect([response.status, response.headers.get('x-cache')]).toEqual([200, 'MISS']);
      await response.text();
      expect(await child.ended).toBe(0);
      expect(await purchaseCounts(folder)).toMatchObject({ stored: 1, sent: 0 });

      const next = await ChildServer.start(env);
      expect((await generate(next.origin, 'last')).headers.get('x-cache')).toBe('HIT');
    },
  );

  it.each([
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGTERM'],
    ['SIGTERM', 'SIGTERM'],
  ] as const)('%s and then %s ends it at once', async (first, second) => {
    const { env, simulator } = await prepare({ DASHCACHE_DRAIN_TIMEOUT: '1h' });
    const child = await ChildServer.start(env);
    simulator.control.fault({ on: 'generation', effect: { kind: 'hang' } });
    const lost = generate(child.origin, 'hanging').catch(() => 'lost');
    await simulator.control.waitFor('generation', 1);
    child.kill(first);
    await child.stdoutLine(new RegExp(`^${first}: `));
    child.kill(second);
    expect(await child.ended).toBe(second);
    expect(await lost).toBe('lost');
  });

  it('a stream that passes through may come to its end', async () => {
    const { env, simulator } = await prepare();
    const child = await ChildServer.start(env);
    const held = simulator.control.fault({ on: 'other', effect: { kind: 'hold', at: 'body' } });
    const response = await fetch(`${child.origin}/compatible-mode/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'qwen-plus', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    child.kill('SIGTERM');
    await child.stdoutLine(/^SIGTERM: /);
    held.release();
    expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/);
    expect(await child.ended).toBe(0);
  });

  it('an upstream that hangs does not keep the process, and its purchase is on record as unknown', async () => {
    const { env, folder, simulator } = await prepare({ DASHCACHE_DRAIN_TIMEOUT: '100ms' });
    const child = await ChildServer.start(env);
    simulator.control.fault({ on: 'generation', effect: { kind: 'hang' } });
    const lost = generate(child.origin, 'hanging').catch(() => 'lost');
    await simulator.control.waitFor('generation', 1);
    child.kill('SIGTERM');
    expect(await child.ended).toBe(0);
    expect(await lost).toBe('lost');
    const { sent = 0, unknown = 0 } = await purchaseCounts(folder);
    expect(sent + unknown).toBe(1);

    await ChildServer.start(env);
    expect(await purchaseCounts(folder)).toMatchObject({ sent: 0, unknown: 1 });
    expect(simulator.control.counters().asked).toBe(1);
  });
});
