import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { keepAlive } from '../../src/adapters/better-sqlite3/keep-alive.ts';
import { migrate, readMigrations } from '../../src/adapters/better-sqlite3/migrate.ts';
import { openDatabase } from '../../src/adapters/better-sqlite3/sql-database.ts';
import { openDataFolder } from '../../src/adapters/data-folder/data-folder.ts';
import { nativeHasher } from '../../src/adapters/hash/native.ts';
import { cacheKey } from '../../src/core/recipe/cache-key.ts';
import { buildRecipe } from '../../src/core/recipe/recipe.ts';
import { png } from '../support/data/sample-images.ts';

/** The request body of entry `index`: about 400 bytes, as the Python SDK spells it. */
export function requestBody(index: number): string {
  return JSON.stringify({
    model: 'qwen-image-max',
    parameters: { size: '1328*1328', n: 1, prompt_extend: true, watermark: false, seed: index },
    input: {
      messages: [
        {
          role: 'user',
          content: [
            {
              text: `Bench picture ${index}: a cinematic portrait of a cyclist at dusk, soft rim light, shallow depth of field, wet asphalt, neon reflections, 35 mm film, quiet street`,
            },
          ],
        },
      ],
    },
  });
}

const BLOBS = 64;
const ROWS_PER_TRANSACTION = 5_000;

/** Fills a data folder with `count` entries under the credential `apiKey`, straight into the tables. */
export async function fillStore(folder: string, count: number, site: string, apiKey: string): Promise<void> {
  const data = await openDataFolder(folder);
  const scope = `key:${(await nativeHasher.hmac(data.secret, apiKey)).slice(0, 32)}`;
  const path = join(data.path, 'dashcache.sqlite');
  const migrated = openDatabase(path);
  await migrate(migrated, await readMigrations(join(import.meta.dirname, '../../migrations')));
  migrated.close();
  const database = keepAlive(new Database(path));
  database.exec('pragma synchronous = off');
  const now = Date.now();
  const digests = await Promise.all(Array.from({ length: BLOBS }, (_, index) => writeBlob(data.path, index)));
  const insertBlob = keepAlive(database.prepare('insert into blobs values (?, ?, ?, ?, ?, ?)'));
  for (const { digest, size } of digests) insertBlob.run(digest, size, 'image/png', 64 + 1, 64, now);
  const insertEntry = keepAlive(
    database.prepare(
      `insert into entries (id, site, scope, key, take, canonical, model, prompt, answer, usage, created_at, used_at)
     values (?, ?, ?, ?, 1, ?, 'qwen-image-max', ?, ?, '{"height":1328,"image_count":1,"width":1328}', ?, ?)`,
    ),
  );
  const insertImage = keepAlive(database.prepare('insert into images values (?, 0, ?, null)'));
  const answer = JSON.stringify([
    '{"output":{"choices":[{"finish_reason":"stop","message":{"content":[{"image":',
    { image: 0 },
    '}],"role":"assistant"}}],"task_metric":{"FAILED":0,"SUCCEEDED":1,"TOTAL":1}},"usage":{"height":1328,"image_count":1,"width":1328},"request_id":',
    { requestId: true },
    '}',
  ]);
  for (let from = 0; from < count; from += ROWS_PER_TRANSACTION) {
    database.transaction(() => {
      for (let index = from; index < Math.min(count, from + ROWS_PER_TRANSACTION); index += 1) {
        const recipe = buildRecipe({
          model: 'qwen-image-max',
          body: JSON.parse(requestBody(index)),
          references: new Map(),
        });
        const key = cacheKey((bytes) => nativeHasher.xxh128(bytes), recipe.canonical);
        insertEntry.run(index + 1, site, scope, key, recipe.canonical, recipe.prompt, answer, now, now);
        insertImage.run(index + 1, digests[index % BLOBS]?.digest);
      }
    })();
  }
  database.close();
  data.release();
}

async function writeBlob(folder: string, index: number): Promise<{ digest: string; size: number }> {
  const bytes = png(64 + index, 64);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const shard = join(folder, 'blobs', digest.slice(0, 2), digest.slice(2, 4));
  await mkdir(shard, { recursive: true });
  await writeFile(join(shard, digest), bytes);
  return { digest, size: bytes.length };
}
