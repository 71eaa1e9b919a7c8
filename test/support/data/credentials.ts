import { join } from 'node:path';
import { openDatabase } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import type { Stack } from '../servers/stack.ts';

/** Restarts the server as if every proof of a key were older by this much. */
export async function ageProofs(
  stack: Stack,
  ms: number,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await stack.stopServer();
  const database = openDatabase(join(stack.folder, 'data', 'dashcache.sqlite'));
  await database.batch([{ sql: 'update credentials set proven_at = proven_at - ?', params: [ms] }]);
  database.close();
  await stack.startServer(env);
}
