import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { startTestSimulator } from '../../simulator/support.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';
import { body, MULTIMODAL } from '../../support/servers/stack.ts';

const SERVER_KEY = 'sk-the-servers-own-key';
const CLIENT_KEY = 'sk-the-clients-own-key';
const INVALID_KEY = 'sk-invalid-but-secret';
const TOKEN = 'token-of-alice-000001';
const SECRETS = [SERVER_KEY, CLIENT_KEY, INVALID_KEY, TOKEN];

/** Every value of every row. */
async function dump(folder: string): Promise<string> {
  const database = openDatabase(join(folder, 'dashcache.sqlite'));
  const tables = await database.all({
    sql: "select name from sqlite_master where type = 'table'",
    params: [],
  });
  const rows = [];
  for (const { name } of tables)
    rows.push(await database.all({ sql: `select * from "${name}"`, params: [] }));
  database.close();
  return JSON.stringify(rows);
}

describe('keys and tokens', () => {
  it.each(['local', 'passthrough', 'token'])(
    'are in no log line, no row and no error of %s mode',
    async (mode) => {
      const simulator = await startTestSimulator();
      const folder = await createFolder();
      const child = await ChildServer.start({
        DASHCACHE_DATA: folder,
        DASHCACHE_UPSTREAM: simulator.origin,
        DASHCACHE_AUTH: mode,
        DASHCACHE_LOG_LEVEL: 'trace',
        DASHCACHE_ATTEMPTS_5XX: '1',
        DASHSCOPE_API_KEY: SERVER_KEY,
        ...(mode === 'token' ? { DASHCACHE_TOKENS: `alice:${TOKEN}` } : {}),
      });
      const said: string[] = [];
      const ask = async (prompt: string, bearer: string, path = MULTIMODAL) => {
        const answer = fetch(child.origin + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
          body: JSON.stringify(body(prompt, { size: '512*512' })),
        });
        const text = await answer
          .then(async (response) => [...response.headers, await response.text()])
          .catch(String);
        said.push(JSON.stringify(text));
      };
      const bearer = mode === 'token' ? TOKEN : CLIENT_KEY;
      await ask('bought', bearer);
      await ask('bought', bearer);
      await ask('refused', INVALID_KEY);
      for (const effect of [{ kind: 'refuse', status: 500 }, { kind: 'reset' }, { kind: 'html' }] as const) {
        simulator.control.fault({ on: 'generation', effect });
        await ask(`fails by ${effect.kind}`, bearer);
      }
      simulator.control.fault({ on: 'other', effect: { kind: 'cut' } });
      await ask('passes', bearer, '/compatible-mode/v1/chat/completions');
      await ask('not found', bearer, '/nowhere');
      await simulator.close();
      await ask('unreachable', bearer);
      child.kill('SIGTERM');
      expect(await child.ended).toBe(0);

      const logged = child.stderr + child.stdout;
      const rows = await dump(folder);
      expect(logged).toContain('"event":"request"');
      expect(rows).toContain('bought');
      for (const secret of SECRETS) {
        for (const text of [logged, rows, ...said]) expect(text.includes(secret), secret).toBe(false);
      }
    },
  );
});
