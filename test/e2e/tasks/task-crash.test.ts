import { expect, it } from 'vitest';
import type { RunningSimulator } from '../../../src/simulator/server.ts';
import { field, startTestSimulator } from '../../simulator/support.ts';
import { pollTask, promptRecipe, submitTo, TEXT_TASKS } from '../../simulator/task-support.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';
import { bytesAt } from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

const KEY = 'sk-test-task-crash';
const RECIPE = promptRecipe({ n: 1, size: '1280*1280' }, 'wan2.5-t2i-preview');

/** Where in the life of a task the process is killed; resolves when it is there. */
const STEPS = [
  {
    step: 'while the vendor has it waiting',
    arrange: ({ control }: RunningSimulator) => {
      control.holdTasks();
      return () => control.waitFor('poll', 1);
    },
  },
  {
    step: 'while the vendor draws it',
    arrange: ({ control }: RunningSimulator) => {
      control.holdTasks();
      return async () => {
        control.advanceTask(control.tasks()[0]?.id ?? '');
        await control.waitFor('poll', 2);
      };
    },
  },
  {
    step: 'before its picture is sent',
    arrange: ({ control }: RunningSimulator) => {
      const hold = control.fault({ on: 'image', effect: { kind: 'hold' } });
      return () => hold.waitForHit(1);
    },
  },
  {
    step: 'amid its picture',
    arrange: ({ control }: RunningSimulator) => {
      const hold = control.fault({ on: 'image', effect: { kind: 'hold', at: 'body' } });
      return () => hold.waitForHit(1);
    },
  },
] as const;

/** Whose key it is: the server's own, or one that only the client brings. */
const KEYS = [
  { whose: 'the server’s own key', env: { DASHSCOPE_API_KEY: KEY } },
  { whose: 'a key that the client alone has', env: {} },
] as const;

/** Polls until the task has ended, as the SDKs do. */
const untilEnded = (origin: string, id: string): Promise<unknown> =>
  until(
    () => pollTask(origin, id, KEY),
    (task) => !['PENDING', 'RUNNING'].includes(String(field(task, 'output.task_status'))),
  );

async function submit(origin: string): Promise<{ id: string; cache: string | null }> {
  const response = await submitTo(TEXT_TASKS, origin, RECIPE, KEY);
  const id = field(await response.json(), 'output.task_id');
  expect(response.status).toBe(200);
  return { id: String(id), cache: response.headers.get('x-cache') };
}

for (const { whose, env } of KEYS) {
  for (const { step, arrange } of STEPS) {
    it(`kill -9 ${step} loses no task: it is gone on with by ${whose}, and paid for once`, async () => {
      const simulator = await startTestSimulator();
      const { control } = simulator;
      const settings = {
        ...env,
        DASHCACHE_DATA: await createFolder(),
        DASHCACHE_UPSTREAM: simulator.origin,
        DASHCACHE_SITE: 'simulator',
        DASHCACHE_LOG_LEVEL: 'silent',
      };
      const reached = arrange(simulator);
      const first = await ChildServer.start(settings);
      const ids = [(await submit(first.origin)).id, (await submit(first.origin)).id];
      await reached();
      first.kill('SIGKILL');
      expect(await first.ended).toBe('SIGKILL');
      control.clearFaults();
      control.resumeTasks();

      const second = await ChildServer.start(settings);
      const ended = await Promise.all(
        // Each asked for twice at once: nobody may have the job gone on with a second time.
        [...ids, ...ids].map(async (id) => await untilEnded(second.origin, id)),
      );
      for (const task of ended) expect(field(task, 'output.task_status')).toBe('SUCCEEDED');
      const urls = new Set(ended.map((task) => String(field(task, 'output.results.0.url'))));
      expect(urls.size).toBe(1);
      const [url = ''] = urls;
      expect(url).toMatch(/\/blobs\/[0-9a-f]{64}\.png$/);
      expect((await bytesAt(url)).length).toBeGreaterThan(1000);
      expect((await submit(second.origin)).cache).toBe('HIT');
      expect(control.counters().tasksSubmitted).toBe(1);
      // Once before the kill, where it got so far, and once after.
      expect(control.recent('image').length).toBeLessThanOrEqual(2);
    });
  }
}

it('the server’s own task comes home though nobody asks for it', async () => {
  const simulator = await startTestSimulator();
  const { control } = simulator;
  control.holdTasks();
  const settings = {
    DASHSCOPE_API_KEY: KEY,
    DASHCACHE_DATA: await createFolder(),
    DASHCACHE_UPSTREAM: simulator.origin,
    DASHCACHE_SITE: 'simulator',
    DASHCACHE_LOG_LEVEL: 'silent',
  };
  const first = await ChildServer.start(settings);
  await submit(first.origin);
  first.kill('SIGKILL');
  await first.ended;
  control.resumeTasks();
  const second = await ChildServer.start(settings);
  await control.waitFor('image', 1);
  // Joins the flight, or finds what it stored.
  const { id } = await submit(second.origin);
  expect(field(await untilEnded(second.origin, id), 'output.task_status')).toBe('SUCCEEDED');
  expect(control.counters().tasksSubmitted).toBe(1);
});
