import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { startServer } from '../../../src/node.ts';
import type { FaultSpec } from '../../../src/simulator/faults/fault.ts';
import { field, post, startTestSimulator } from '../../simulator/support.ts';
import { pollTask, promptRecipe, submitTo, TEXT_TASKS } from '../../simulator/task-support.ts';
import { createFolder } from '../../support/servers/child-server.ts';
import { type Death, KillableProgram } from '../../support/servers/killed-child.ts';
import { API_KEY, body, bytesAt } from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

/** A client asks until it has a picture: what ended without one is asked for again. */
interface Way {
  /** In yuan. */
  readonly price: number;
  /** One ask to its end: the picture's URL, or undefined. */
  ask(origin: string): Promise<string | undefined>;
}

const SYNC: Way = {
  price: 0.5,
  ask: async (origin) => {
    const recipe = body('to the end', { size: '512*512', seed: 7, n: 1 });
    const answer = await (await post(origin, recipe, { key: API_KEY })).text();
    return /"image":\s*"([^"]+)"/.exec(answer)?.[1];
  },
};

const TASK: Way = {
  price: 0.14,
  ask: async (origin) => {
    const recipe = promptRecipe({ n: 1, size: '512*512', seed: 7 }, 'wan2.2-t2i-flash');
    const receipt: unknown = await (await submitTo(TEXT_TASKS, origin, recipe, API_KEY)).json();
    const id = field(receipt, 'output.task_id');
    if (typeof id !== 'string') return undefined;
    const ended = await until(
      () => pollTask(origin, id, API_KEY),
      (task) => !['PENDING', 'RUNNING'].includes(String(field(task, 'output.task_status'))),
    );
    const url = field(ended, 'output.results.0.url');
    return typeof url === 'string' ? url : undefined;
  },
};

interface Kill {
  readonly way: Way;
  readonly deaths: readonly [Death, ...Death[]];
  readonly fault?: FaultSpec;
  /** Settings of the servers that are killed. */
  readonly env?: Readonly<Record<string, string>>;
  /** Pictures that upstream bills and no answer told of: only an `unknown` purchase may stand for one. Default 0. */
  readonly lost?: number;
  /** Purchases that were paid for, told of and not kept. Default 0. */
  readonly unstored?: number;
  /** Purchases that end `unknown`. Default 0. */
  readonly unknown?: number;
}

const at = (state: string): Death => ({ at: state });
const amid = (state: string): Death => ({ at: state, amid: true });
const NEXT = at('any');
const BILLED_AND_CUT: FaultSpec = { on: 'generation', effect: { kind: 'reset', billed: true } };

const KILLS: readonly Kill[] = [
  // Refused for now, it waits for its next turn.
  {
    way: SYNC,
    deaths: [at('intended')],
    fault: { on: 'generation', effect: { kind: 'refuse', status: 429, code: 'Throttling' } },
  },
  // On record as sent, it was not on the wire yet: nobody can know that, and the ledger has only what was bought anew.
  { way: SYNC, deaths: [at('sent')], unknown: 1 },
  { way: SYNC, deaths: [at('answered')] },
  { way: SYNC, deaths: [at('stored')] },
  { way: SYNC, deaths: [amid('sent')] },
  // Drawn, billed and told of, but not on record: the ledger lacks the one picture that is listed as unknown.
  { way: SYNC, deaths: [amid('answered')], unknown: 1, lost: 1 },
  { way: SYNC, deaths: [amid('stored')] },
  {
    way: SYNC,
    deaths: [at('refused')],
    fault: { on: 'generation', effect: { kind: 'refuse', status: 400, code: 'DataInspectionFailed' } },
  },
  {
    way: SYNC,
    deaths: [at('failed')],
    fault: { on: 'generation', effect: { kind: 'answer', answer: 'no_image' } },
  },
  { way: SYNC, deaths: [at('unknown')], fault: BILLED_AND_CUT, unknown: 1, lost: 1 },
  { way: SYNC, deaths: [amid('unknown')], fault: BILLED_AND_CUT, unknown: 1, lost: 1 },
  {
    way: SYNC,
    deaths: [at('unstored')],
    fault: { on: 'image', effect: { kind: 'refuse', status: 404 }, times: 'always' },
    env: { DASHCACHE_DOWNLOAD_TIMEOUT: '300ms' },
    unstored: 1,
  },
  { way: TASK, deaths: [at('intended')] },
  { way: TASK, deaths: [at('sent')], unknown: 1 },
  { way: TASK, deaths: [at('accepted')] },
  { way: TASK, deaths: [at('answered')] },
  { way: TASK, deaths: [at('stored')] },
  // The vendor draws a task that no record names.
  { way: TASK, deaths: [amid('accepted')], unknown: 1, lost: 1 },
  { way: TASK, deaths: [amid('answered')] },
  { way: TASK, deaths: [amid('stored')] },
  { way: TASK, deaths: [at('intended'), at('withdrawn')] },
  // Each restart is killed at its first transition.
  { way: SYNC, deaths: [at('sent'), at('unknown'), at('answered'), NEXT], unknown: 1 },
  { way: SYNC, deaths: [amid('stored'), amid('stored'), NEXT] },
  { way: TASK, deaths: [at('accepted'), NEXT, NEXT] },
  { way: TASK, deaths: [amid('answered'), amid('answered'), NEXT] },
];

let program: KillableProgram;
beforeAll(async () => {
  program = await KillableProgram.build();
});
afterAll(() => program.remove());

async function query(folder: string, sql: string) {
  const database = openDatabase(join(folder, 'dashcache.sqlite'));
  try {
    return await database.all({ sql, params: [] });
  } finally {
    database.close();
  }
}

async function read(url: string): Promise<unknown> {
  return await (await fetch(url, { headers: { authorization: `Bearer ${API_KEY}` } })).json();
}

function titleOf({ way, deaths }: Kill): string {
  const places = deaths.map((death) => `${death.amid ? 'amid' : 'at'} ${death.at}`);
  return `${way === SYNC ? 'an answer' : 'a task'}, killed ${places.join(', then ')}`;
}

it.each(KILLS.map((kill) => [titleOf(kill), kill] as const))(
  '%s: one picture, and the ledger to the cent',
  async (_, { way, deaths, fault, env: also = {}, lost = 0, unstored = 0, unknown = 0 }) => {
    const simulator = await startTestSimulator();
    const { control } = simulator;
    const folder = await createFolder();
    const env = {
      DASHSCOPE_API_KEY: API_KEY,
      DASHCACHE_DATA: folder,
      DASHCACHE_UPSTREAM: simulator.origin,
      DASHCACHE_SITE: 'simulator',
      DASHCACHE_LOG_LEVEL: 'silent',
    };
    if (fault !== undefined) control.fault(fault);
    for (const death of deaths) {
      expect(await program.run(death, { ...env, ...also }, way.ask)).toBe('SIGKILL');
      control.clearFaults();
    }

    const server = await startServer({ PORT: '0', ...env }, { homeFolder: folder });
    try {
      // The first ask may join what turns out to have ended without a picture.
      const url = (await way.ask(server.origin)) ?? (await way.ask(server.origin)) ?? '';
      expect(url).toMatch(/\/blobs\/[0-9a-f]{64}\.png$/);
      const [image, ...others] = await query(folder, 'select source_url from images');
      expect(others).toEqual([]);
      expect(Buffer.from(await bytesAt(url))).toEqual(Buffer.from(await bytesAt(String(image?.source_url))));
      expect(await way.ask(server.origin)).toBe(url);
      const listed = await read(`${server.origin}/admin/api/purchases?state=unknown`);
      expect(field(listed, 'purchases')).toHaveLength(unknown);
    } finally {
      await server.close();
    }

    const { billedImages } = control.counters();
    expect(billedImages).toBe(1 + unstored + lost);
    expect(billedImages).toBeLessThanOrEqual(1 + unstored + unknown);
    const [ledger] = await query(
      folder,
      'select sum(spent_cny) as spent, sum(spent_unpriced) as n from ledger',
    );
    expect(ledger?.spent).toBeCloseTo(way.price * (billedImages - lost), 9);
    expect(ledger?.n).toBe(0);
    const open = `select state from purchases where state in ('intended', 'sent', 'accepted', 'answered')`;
    expect(await query(folder, open)).toEqual([]);
    expect(await query(folder, `select id from purchases where state = 'stored'`)).toHaveLength(1);
    expect(await query(folder, 'select id from entries')).toHaveLength(1);
  },
);
