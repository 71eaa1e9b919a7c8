import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import type { PurchaseState } from '../../../src/core/purchases/purchase-state.ts';
import type { RunningSimulator } from '../../../src/simulator/server.ts';
import { startTestSimulator } from '../../simulator/support.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';
import { API_KEY, body, bytesAt, MULTIMODAL } from '../../support/servers/stack.ts';

const RECIPES = Array.from({ length: 200 }, (_, seed) =>
  seed % 4 === 0
    ? body(`crash ${seed}`, { size: '512*512', seed, n: 2 }, 'qwen-image-2.0')
    : body(`crash ${seed}`, { size: '512*512', seed }),
);

/** Where the process is killed: after so many calls of one kind, while some of each are held up. */
const KILLS = [
  { after: 'generation', count: 150 },
  { after: 'image', count: 120 },
  { after: 'image', count: 240 },
] as const;

async function generate(origin: string, recipe: unknown): Promise<Response> {
  return await fetch(origin + MULTIMODAL, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(recipe),
  });
}

async function pictures(response: Response): Promise<Buffer[]> {
  const urls = [...(await response.text()).matchAll(/"image":"([^"]+)"/g)].map(([, url = '']) => url);
  expect(response.status).toBe(200);
  return await Promise.all(urls.map(async (url) => Buffer.from(await bytesAt(url))));
}

async function query(folder: string, sql: string) {
  const database = openDatabase(join(folder, 'dashcache.sqlite'));
  try {
    return await database.all({ sql, params: [] });
  } finally {
    database.close();
  }
}

async function statesOf(folder: string): Promise<Partial<Record<PurchaseState, number>>> {
  const rows = await query(folder, 'select state, count(*) as n from purchases group by state');
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
}

/** What must hold however the process ended. */
async function expectConsistent(folder: string): Promise<void> {
  // Made with the first blob.
  await mkdir(join(folder, 'blobs'), { recursive: true });
  const names = await readdir(join(folder, 'blobs'), { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name));
  for (const { parentPath, name } of files) {
    const digest = createHash('sha256')
      .update(await readFile(join(parentPath, name)))
      .digest('hex');
    expect(digest).toBe(basename(name));
  }
  const stored = new Set(files.map(({ name }) => name));
  const blobs = await query(folder, 'select sha256 from blobs');
  expect(blobs.filter(({ sha256 }) => !stored.has(String(sha256)))).toEqual([]);
  const orphans = `select entry_id from images left join blobs using (sha256) where blobs.sha256 is null
    union select id from entries where id not in (select entry_id from images)`;
  expect(await query(folder, orphans)).toEqual([]);
}

/** Sends every recipe at once and kills the process in the middle of it. */
async function crash(
  simulator: RunningSimulator,
  env: Readonly<Record<string, string>>,
  { after, count }: (typeof KILLS)[number],
): Promise<void> {
  const { control } = simulator;
  const child = await ChildServer.start(env);
  const holds = [
    control.fault({ on: 'generation', effect: { kind: 'hold' }, times: 10 }),
    control.fault({ on: 'image', effect: { kind: 'hold' }, times: 10 }),
    control.fault({ on: 'image', effect: { kind: 'hold', at: 'body' }, times: 10 }),
  ];
  const answers = RECIPES.map((recipe) => generate(child.origin, recipe).catch(() => 'lost'));
  await Promise.all(holds.map((hold) => hold.waitForHit(10)));
  await control.waitFor(after, count);
  child.kill('SIGKILL');
  expect(await child.ended).toBe('SIGKILL');
  control.clearFaults();
  await Promise.all(answers);
}

it('kill -9 loses no paid answer, leaves nothing half, and has bought again only what was in the air', {
  timeout: 180_000,
}, async () => {
  const simulator = await startTestSimulator();
  const folder = await createFolder();
  const env = {
    DASHCACHE_DATA: folder,
    DASHCACHE_UPSTREAM: simulator.origin,
    DASHCACHE_SITE: 'simulator',
    DASHCACHE_CONCURRENCY: '1000',
    DASHCACHE_LOG_LEVEL: 'silent',
  };
  for (const kill of KILLS) {
    await crash(simulator, env, kill);
    await expectConsistent(folder);
    const { sent = 0, answered = 0 } = await statesOf(folder);
    expect(sent).toBeGreaterThanOrEqual(10);
    expect(answered).toBeGreaterThanOrEqual(10);
  }

  const child = await ChildServer.start(env);
  // At once, while what was paid before the crash is still being fetched.
  const drawn = await Promise.all(
    RECIPES.map(async (recipe) => pictures(await generate(child.origin, recipe))),
  );
  await expectConsistent(folder);
  const { stored = 0, unknown = 0, ...others } = await statesOf(folder);
  expect(others).toEqual({});
  expect(stored).toBe(RECIPES.length);
  expect(await query(folder, 'select count(*) as n from entries')).toEqual([{ n: RECIPES.length }]);
  expect(simulator.control.counters().asked).toBeLessThanOrEqual(RECIPES.length + unknown);

  for (const [index, recipe] of RECIPES.entries()) {
    const hit = await generate(child.origin, recipe);
    expect(hit.headers.get('x-cache')).toBe('HIT');
    const [kept, expected] = [await pictures(hit), await pictures(await generate(simulator.origin, recipe))];
    expect(kept).toHaveLength(index % 4 === 0 ? 2 : 1);
    expect(kept.every((bytes, at) => expected[at]?.equals(bytes))).toBe(true);
    expect(drawn[index]?.every((bytes, at) => expected[at]?.equals(bytes))).toBe(true);
  }
});
