import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { toBodyStream } from '../../../src/http/wire/body-stream.ts';
import { createGate } from '../../support/fakes/gate.ts';

/** Counts what is taken from it, and tells when it has been ended. */
function countingSource(chunks: number) {
  const seen = { taken: 0, ended: false };
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (; seen.taken < chunks; ) {
        seen.taken += 1;
        yield Uint8Array.of(seen.taken);
      }
    } finally {
      seen.ended = true;
    }
  }
  return { seen, source: source() };
}

describe('toBodyStream', () => {
  it('gives the bytes and ends', async () => {
    const { source, seen } = countingSource(3);
    const bytes = await new Response(toBodyStream(source)).arrayBuffer();
    expect(new Uint8Array(bytes)).toEqual(Uint8Array.of(1, 2, 3));
    expect(seen.ended).toBe(true);
  });

  it('takes nothing before it is read, and no more than is read', async () => {
    const { source, seen } = countingSource(100);
    const reader = toBodyStream(source).getReader();
    // A turn of the event loop: time enough for a stream that would read ahead.
    await setImmediate();
    expect(seen.taken).toBe(0);
    await reader.read();
    await reader.read();
    await setImmediate();
    expect(seen.taken).toBe(2);
    await reader.cancel();
    expect(seen).toEqual({ taken: 2, ended: true });
  });

  it('passes on the failure of its source', async () => {
    async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
      yield Uint8Array.of(1);
      throw new Error('unreadable');
    }
    const reader = toBodyStream(failing()).getReader();
    await reader.read();
    await expect(reader.read()).rejects.toThrow('unreadable');
  });

  it('a reader that leaves while it waits is no failure', async () => {
    const asked = createGate();
    const answered = createGate();
    const failures: unknown[] = [];
    async function* waiting(): AsyncGenerator<Uint8Array, void, undefined> {
      asked.open();
      await answered.opened;
      yield Uint8Array.of(1);
    }
    const reader = toBodyStream(waiting(), (failure) => failures.push(failure)).getReader();
    const pending = reader.read();
    await asked.opened;
    const leaving = reader.cancel();
    answered.open();
    await leaving;
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(failures).toEqual([]);
  });

  it('can be cancelled when its source has no way to be ended', async () => {
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: Uint8Array.of(1) }) }),
    };
    await toBodyStream(source).cancel();
  });
});
