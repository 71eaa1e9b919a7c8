import { expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { CacheEvent } from '../../../src/core/events.ts';
import { modelLabels } from '../../../src/core/models/model-label.ts';
import { type Gauges, Metrics } from '../../../src/services/operations/metrics.ts';

const QUIET: Gauges = {
  flights: () => 1,
  waiters: () => 2,
  queued: () => 3,
  heldBytes: () => 4,
  imagesAtRisk: async () => 5,
};

const failures: unknown[] = [];
const create = (gauges = QUIET) =>
  new Metrics(
    {
      modelLabel: modelLabels(new Set()),
      runtime: { families: () => [] },
      onFailure: (cause) => failures.push(cause),
    },
    gauges,
  );

/** The lines that are no zero. */
async function linesAfter(...events: readonly CacheEvent[]): Promise<readonly string[]> {
  const metrics = create({
    ...QUIET,
    flights: () => 0,
    waiters: () => 0,
    queued: () => 0,
    heldBytes: () => 0,
  });
  for (const event of events) metrics.report(event);
  const text = await metrics.expose();
  return text.split('\n').filter((line) => /^dashcache/.test(line) && !/ 0$|at_risk/.test(line));
}

const model = 'qwen-image-max';
const request = {
  type: 'request',
  requestId: 'r',
  door: 'dashscope',
  method: 'POST',
  path: '/',
  status: 200,
  elapsedMs: 1,
} as const;

it.each<[CacheEvent, string[]]>([
  [
    { ...request, result: 'hit', model },
    [`dashcache_requests_total{door="dashscope",result="hit",model="${model}"} 1`],
  ],
  [
    { ...request, result: 'error', model: 'wan"} 1' },
    ['dashcache_requests_total{door="dashscope",result="error",model="other"} 1'],
  ],
  [{ ...request, door: 'tasks' }, ['dashcache_requests_total{door="tasks",result="none",model=""} 1']],
  [{ type: 'blob', bytes: 7 }, ['dashcache_blob_bytes_total 7']],
  [
    { type: 'bought', model, scope: 's', images: 1, cost: { amount: 0.5, currency: 'CNY' } },
    [`dashcache_spent_total{model="${model}",currency="CNY"} 0.5`],
  ],
  [
    { type: 'avoided', model, scope: 's', cost: undefined, elapsedMs: 1500 },
    [
      `dashcache_unpriced_total{model="${model}",kind="avoided"} 1`,
      `dashcache_avoided_seconds_total{model="${model}"} 1.5`,
    ],
  ],
  [
    { type: 'not-stored', model, reason: 'storage_full', cause: 0 },
    ['dashcache_not_stored_total{reason="storage_full"} 1'],
  ],
])('%j', async (event, lines) => expect(await linesAfter(event)).toEqual(lines));

it('spreads upstream calls by model and status; none came where the connection was lost', async () => {
  const call = { type: 'upstream', model, tries: 1 } as const;
  const lines = await linesAfter(
    { ...call, status: 200, elapsedMs: 1200 },
    { ...call, status: undefined, elapsedMs: 9000 },
  );
  expect(lines).toContain(`dashcache_upstream_seconds_bucket{model="${model}",status="200",le="2.5"} 1`);
  expect(lines).toContain(`dashcache_upstream_seconds_sum{model="${model}",status="none"} 9`);
});

it('gives no client a label of its own, however many models it invents', async () => {
  const cost = { amount: 1, currency: 'CNY' } as const;
  const eventsOf = (name: string): readonly CacheEvent[] => [
    { ...request, result: 'miss', model: name },
    { ...request, door: 'passthrough', model: name },
    { type: 'upstream', model: name, status: 200, tries: 1, elapsedMs: 1 },
    { type: 'retry', model: name, status: 429, waitMs: 1 },
    { type: 'outcome-unknown', purchaseId: name, model: name, cause: 0 },
    { type: 'bought', model: name, scope: name, images: 1, cost },
    { type: 'bought', model: name, scope: name, images: 1, cost: undefined },
    { type: 'avoided', model: name, scope: name, cost, elapsedMs: 1 },
    { type: 'stored', model: name, scope: name, images: 1, bytes: 1 },
    { type: 'not-stored', model: name, reason: 'storage_full', cause: 0 },
  ];
  const once = await linesAfter(...eventsOf('wan-invented'));
  const often = await linesAfter(
    ...Array.from({ length: 1000 }, (_, index) => eventsOf(`wan-invented-${index}`)).flat(),
  );
  const samples = (lines: readonly string[]) => lines.map((line) => line.replace(/ \S+$/, ''));
  expect(samples(often)).toEqual(samples(once));
  const models = new Set(once.map((line) => /model="([^"]*)"/.exec(line)?.[1] ?? ''));
  expect([...models].sort()).toEqual(['', 'other']);
});

it('is exposed without what cannot be asked', async () => {
  expect(await create().expose()).toContain('\ndashcache_images_at_risk 5\n');
  const cause = new AppError('storage_failed', 'gone');
  const text = await create({ ...QUIET, imagesAtRisk: () => Promise.reject(cause) }).expose();
  expect(text).toContain('\ndashcache_queued 3\n');
  expect(text).not.toContain('at_risk');
  expect(failures).toEqual([cause]);
});
