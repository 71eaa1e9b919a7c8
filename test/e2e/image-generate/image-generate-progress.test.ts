import { expect, it } from 'vitest';
import { readEvents, type StreamEvent } from '../../support/clients/event-stream.ts';
import { API_KEY, body, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const WISH = { prompt: 'watched', ...SMALL };

async function watch(stack: Stack, wish: unknown): Promise<Response> {
  return await fetch(`${stack.origin}/v1/image.generate`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${API_KEY}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify(wish),
  });
}

async function readAll(response: Response): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readEvents(response)) events.push(event);
  return events;
}

async function next(events: AsyncGenerator<StreamEvent>, name: string): Promise<StreamEvent['data']> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`the stream ended before ${name}`);
    if (value.event === name) return value.data;
    if (value.event === 'error' || value.event === 'done') throw new Error(`${value.event} before ${name}`);
  }
}

it('tells of the queue, the drawing, the download and the end', async () => {
  const stack = await startStack({ DASHCACHE_CONCURRENCY: '1' });
  const { control } = stack.simulator;
  const hold = () => control.fault({ on: 'generation', times: 1, effect: { kind: 'hold' } });
  const first = hold();
  const before = stack.generate(body('first', SMALL));
  await first.waitForHit();
  const response = await watch(stack, WISH);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events = readEvents(response);
  expect(await next(events, 'queued')).toEqual({ position: 1 });
  const drawing = hold();
  first.release();
  expect((await before).status).toBe(200);
  const running = await next(events, 'running');
  expect(running).toEqual({ elapsed_ms: expect.any(Number), expected_ms: null });
  const picture = control.fault({ on: 'image', times: 1, effect: { kind: 'hold', at: 'body', after: 100 } });
  drawing.release();
  const { bytes, total } = await next(events, 'downloading');
  expect([bytes > 0, total > bytes]).toEqual([true, true]);
  picture.release();
  expect((await next(events, 'done')).image_url).toMatch(/\/blobs\//);
  expect((await events.next()).done).toBe(true);
});

it('knows from what it has drawn how long it takes, and tells a joined request of the flight it joined', async () => {
  const stack = await startStack();
  await stack.generate(body('earlier', SMALL));
  const held = stack.simulator.control.fault({ on: 'generation', times: 1, effect: { kind: 'hold' } });
  const leader = readEvents(await watch(stack, WISH));
  const joined = readEvents(await watch(stack, WISH));
  for (const events of [leader, joined])
    expect((await next(events, 'running')).expected_ms).toBeGreaterThanOrEqual(0);
  held.release();
  const ends = [await next(leader, 'done'), await next(joined, 'done')];
  expect(ends.map(({ spent }) => spent).sort()).toEqual([0, 0.5]);
  expect(stack.asked).toBe(2);
});

it('answers a hit at once', async () => {
  const stack = await startStack();
  const wish = { prompt: 'twice', ...SMALL };
  await readAll(await watch(stack, wish));
  const [only, ...more] = await readAll(await watch(stack, wish));
  expect([only?.event, only?.data.cached, more]).toEqual(['done', true, []]);
});

it('refuses as usual what is wrong from the start, and tells in an event what goes wrong later', async () => {
  const stack = await startStack();
  const early = await watch(stack, { ...WISH, size: 'big' });
  expect([early.status, early.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  const effect = { kind: 'refuse', status: 400, code: 'DataInspectionFailed' } as const;
  stack.simulator.control.fault({ on: 'generation', times: 1, effect });
  const events = await readAll(await watch(stack, WISH));
  expect(events.at(-1)).toEqual({
    event: 'error',
    data: expect.objectContaining({ status: 400, upstream_code: 'DataInspectionFailed' }),
  });
});

it('keeps the picture when its reader leaves, and what it held of the bound on bodies is given back', async () => {
  const stack = await startStack({ DASHCACHE_MAX_INFLIGHT: '2KiB' });
  const held = stack.simulator.control.fault({ on: 'generation', times: 1, effect: { kind: 'hold' } });
  const long = { ...WISH, prompt: 'x'.repeat(600) };
  const left = await watch(stack, long);
  await held.waitForHit();
  await left.body?.cancel();
  const joined = await watch(stack, long);
  held.release();
  expect((await readAll(joined)).at(-1)?.event).toBe('done');
  for (let round = 0; round < 4; round += 1)
    expect((await readAll(await watch(stack, long))).at(-1)?.data.cached).toBe(true);
  expect(stack.asked).toBe(1);
});
