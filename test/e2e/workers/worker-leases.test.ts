import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_TOKEN } from '../../support/servers/runtimes.ts';
import { body, imageUrls } from '../../support/servers/stack.ts';
import { WorkerStack } from '../../support/servers/worker-stack.ts';

const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };

let stack: WorkerStack;
beforeAll(async () => {
  stack = await WorkerStack.start({ DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN });
});
afterAll(() => stack.close());

async function isStored(digest: string): Promise<boolean> {
  const bucket = await stack.worker.getR2Bucket('BLOBS');
  return (await bucket.head(`blobs/${digest}`)) !== null;
}

async function query(sql: string): Promise<readonly Record<string, unknown>[]> {
  const database = await stack.worker.getD1Database('DB');
  return (await database.prepare(sql).all()).results;
}

/** What another isolate would hold. */
function lease(digest: string, alone: 0 | 1): Promise<void> {
  return stack.run(
    `insert into store_leases values ('blobs/${digest}', 'other', ${alone}, ${Date.now() + 300_000})`,
  );
}

it('what isolates publish and delete at once leaves no entry without its bytes', async () => {
  const wish = body('shared bytes', { size: '512*512', seed: 7 });
  const [url = ''] = imageUrls(await stack.generate(wish));
  const [, digest = ''] = /\/blobs\/([0-9a-f]{64})/.exec(url) ?? [];
  const [{ key } = {}] = await query('select key from entries');

  // Somebody is about to name these bytes: a purge leaves them to it.
  await lease(digest, 0);
  const purged = await stack.request('DELETE', `/admin/api/entries/${key}`, { headers: ADMIN });
  expect(purged.status).toBe(200);
  expect([await query('select key from entries'), await isStored(digest)]).toEqual([[], true]);
  await stack.run('delete from store_leases');

  // Somebody is about to delete them: who is paid for the same image waits, and puts them anew.
  await lease(digest, 1);
  const asked = stack.generate(wish);
  await expect.poll(() => query("select state from purchases where state = 'answered'")).toHaveLength(1);
  await stack.loseBytes(url);
  await stack.run('delete from store_leases');
  expect(imageUrls(await asked)).toEqual([url]);
  expect([await query('select * from store_leases'), await isStored(digest)]).toEqual([[], true]);
});
