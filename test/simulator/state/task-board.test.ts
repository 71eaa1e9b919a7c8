import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Task, TaskDraft } from '../../../src/simulator/state/task.ts';
import { TaskBoard } from '../../../src/simulator/state/task-board.ts';
import { findImageModel } from '../../../src/simulator/vendor/models.ts';

const LATENCY_MS = 100;
const MODEL = 'wan2.6-t2i';

function draft(id: string): TaskDraft {
  const family = findImageModel(MODEL)?.family;
  if (!family) throw new Error('no such model');
  return {
    id,
    account: 'one',
    service: 'image-generation',
    form: 'messages',
    requestId: id,
    concurrent: 2,
    outcome: { width: 1, height: 1, images: [], inputImages: 0, missing: 0 },
    request: {
      model: MODEL,
      family,
      prompt: '',
      negativePrompt: '',
      count: 1,
      seed: undefined,
      promptExtend: true,
      interleaved: false,
      size: undefined,
      extras: {},
    },
  };
}

/** The lives of tasks submitted at these times, on a board that is also looked at in between. */
function run(submissions: readonly number[], looks: readonly number[]): readonly Task[] {
  const ended: string[] = [];
  const board = new TaskBoard({
    pendingMs: 10,
    latencyMs: () => LATENCY_MS,
    limit: { [MODEL]: 2 },
    ended: ({ id }) => ended.push(id),
  });
  const events = [
    ...submissions.map((at, index) => ({ at, id: String(index) })),
    ...looks.map((at) => ({ at, id: undefined })),
  ].sort((a, b) => a.at - b.at);
  for (const { at, id } of events) {
    if (id === undefined) board.advance(at);
    else board.submit(draft(id), at);
  }
  const tasks = board.list(undefined, 100_000);
  expect(ended).toHaveLength(submissions.length);
  return tasks.map((task) => ({ ...task }));
}

const times = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 12 });

test('tasks end when they would have, however often anybody looks', () => {
  fc.assert(
    fc.property(times, times, (submissions, looks) => {
      expect(run(submissions, looks)).toEqual(run(submissions, []));
    }),
  );
});

test('no more run at a time than may, none waits without need, and all keep their turn', () => {
  fc.assert(
    fc.property(times, (submissions) => {
      const tasks = run(submissions, []);
      const startedAt = (task: Task) => task.startedAt ?? Number.NaN;
      for (const [index, task] of tasks.entries()) {
        const start = startedAt(task);
        expect(task.status).toBe('SUCCEEDED');
        expect(task.endedAt).toBe(start + LATENCY_MS);
        const running = tasks.filter((other) => startedAt(other) <= start && (other.endedAt ?? 0) > start);
        expect(running.length).toBeLessThanOrEqual(2);
        const before = tasks.slice(0, index);
        for (const earlier of before) expect(startedAt(earlier)).toBeLessThanOrEqual(start);
        const ready = task.submittedAt + 10;
        const busy = before.filter((other) => (other.endedAt ?? 0) > ready);
        if (busy.length < 2) expect(start).toBe(ready);
      }
    }),
  );
});
