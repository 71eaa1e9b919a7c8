import { describe, expect, it } from 'vitest';
import { isAppError } from '../../../src/core/errors.ts';
import { LiveStream } from '../../../src/services/purchases/live-stream.ts';

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

/** Everything that the reader gets, and what it ended in. */
async function readAll(live: LiveStream): Promise<{ chunks: Uint8Array[]; failure: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of live.chunks()) chunks.push(chunk);
    return { chunks, failure: undefined };
  } catch (failure) {
    return { chunks, failure };
  }
}

describe('a live stream', () => {
  it('begins with the headers', async () => {
    const live = new LiveStream(10);
    live.begin([['content-type', 'text/event-stream']]);
    expect(await live.begun).toEqual([['content-type', 'text/event-stream']]);
  });

  it('gives the very chunks that were written, before and while it is read', async () => {
    const live = new LiveStream(10);
    const [first, second] = [bytes(1, 2), bytes(3)];
    live.write(first);
    const reader = live.chunks();
    expect((await reader.next()).value).toBe(first);
    const waiting = reader.next();
    live.write(second);
    expect((await waiting).value).toBe(second);
    const ending = reader.next();
    live.end();
    expect(await ending).toEqual({ done: true, value: undefined });
  });

  it('gives what came before a failure, then the failure', async () => {
    const live = new LiveStream(10);
    const failure = new Error('broke off');
    live.write(bytes(1));
    live.fail(failure);
    expect(await readAll(live)).toEqual({ chunks: [bytes(1)], failure });
  });

  it('a failure after the end is none', async () => {
    const live = new LiveStream(10);
    live.end();
    live.fail(new Error('too late'));
    expect(await readAll(live)).toEqual({ chunks: [], failure: undefined });
  });

  it('breaks off when more waits than is allowed, however it goes on', async () => {
    const live = new LiveStream(3);
    live.write(bytes(1, 2, 3));
    live.write(bytes(4));
    live.write(bytes(5));
    live.end();
    const { chunks, failure } = await readAll(live);
    expect(chunks).toEqual([]);
    expect(isAppError(failure, 'overloaded')).toBe(true);
  });

  it('what was read does not count as waiting', async () => {
    const live = new LiveStream(3);
    const reader = live.chunks();
    for (let round = 0; round < 10; round += 1) {
      live.write(bytes(1, 2, 3));
      expect((await reader.next()).value).toHaveLength(3);
    }
  });

  it('takes nothing more for a reader that has left', async () => {
    const live = new LiveStream(3);
    const reader = live.chunks();
    live.write(bytes(1));
    await reader.next();
    await reader.return();
    for (let round = 0; round < 10; round += 1) live.write(bytes(1, 2, 3));
    live.fail(new Error('nobody cares'));
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});
