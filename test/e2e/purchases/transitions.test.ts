import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { field, startTestSimulator } from '../../simulator/support.ts';
import { pollTask, promptRecipe, submitTo, TEXT_TASKS } from '../../simulator/task-support.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';
import { bytesAt } from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

const KEY = 'sk-test-transitions';
const HOOK = fileURLToPath(new URL('../../support/servers/die-at.mjs', import.meta.url));

/** Drawn while it is waited for, and as a job. */
const WAYS = [
  { model: 'qwen-image-plus', size: '1328*1328', states: ['intended', 'sent', 'answered', 'stored'] },
  {
    model: 'wan2.5-t2i-preview',
    size: '1280*1280',
    states: ['intended', 'sent', 'accepted', 'answered', 'stored'],
  },
] as const;

async function query(folder: string, sql: string) {
  const database = openDatabase(join(folder, 'dashcache.sqlite'));
  try {
    return await database.all({ sql, params: [] });
  } finally {
    database.close();
  }
}

/** The task's picture, asked for as often as it takes: a submission whose answer was lost is repeated by its client. */
async function drawn(origin: string, recipe: unknown): Promise<Uint8Array> {
  const response = await submitTo(TEXT_TASKS, origin, recipe, KEY);
  const id = String(field(await response.json(), 'output.task_id'));
  const task = await until(
    () => pollTask(origin, id, KEY),
    (polled) => !['PENDING', 'RUNNING'].includes(String(field(polled, 'output.task_status'))),
  );
  expect(field(task, 'output.task_status')).toBe('SUCCEEDED');
  return await bytesAt(String(field(task, 'output.results.0.url')));
}

for (const { model, size, states } of WAYS) {
  for (const state of states) {
    it(`kill -9 when a purchase of ${model} is ${state}: the same picture, one purchase, the ledger to the cent`, async () => {
      const simulator = await startTestSimulator();
      const folder = await createFolder();
      const env = {
        DASHSCOPE_API_KEY: KEY,
        DASHCACHE_DATA: folder,
        DASHCACHE_UPSTREAM: simulator.origin,
        DASHCACHE_SITE: 'simulator',
        DASHCACHE_PRICES: `${model}=0.37 CNY`,
        DASHCACHE_LOG_LEVEL: 'debug',
      };
      const recipe = promptRecipe({ n: 1, size, seed: 7 }, model);
      const dying = await ChildServer.start({ ...env, NODE_OPTIONS: `--import=${HOOK}`, DIE_AT: state });
      const lost = drawn(dying.origin, recipe).catch(() => 'lost');
      expect(await dying.ended).toBe('SIGKILL');
      expect(await lost).toBe('lost');

      const next = await ChildServer.start(env);
      const bytes = await drawn(next.origin, recipe);
      expect(simulator.control.counters().asked).toBe(1);
      const bought = await query(
        folder,
        `select count(*) as n, sum(cost_amount) as cost from purchases where state = 'stored'`,
      );
      expect(bought).toEqual([{ n: 1, cost: 0.37 }]);
      expect(await query(folder, 'select sum(spent_cny) as cny from ledger')).toEqual([{ cny: 0.37 }]);
      const ended = await query(folder, `select state from purchases where state != 'stored'`);
      // What was never sent, and what may have been: neither is paid here.
      const others = { intended: ['withdrawn'], sent: ['unknown'] }[String(state)] ?? [];
      expect(ended.map((row) => row.state)).toEqual(others);
      expect(bytes).toEqual(await drawn(simulator.origin, recipe));
    });
  }
}
