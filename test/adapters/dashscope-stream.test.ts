import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectStream, isStream, withStream } from '../../src/adapters/dashscope/stream.ts';
import { writeResult } from '../../src/core/dashscope/sse.ts';
import { readStream } from '../../src/core/dashscope/stream-answer.ts';
import { AppError } from '../../src/core/errors.ts';
import type { StreamSink } from '../../src/ports/image-upstream.ts';
import { LAW } from '../support/data/laws.ts';

const WHOLE = writeResult(
  1,
  JSON.stringify({
    output: { choices: [{ message: { content: [{ text: '第一步：淘米 🍚' }] } }], finished: true },
  }),
);
const BYTES = new TextEncoder().encode(WHOLE);
const tooLarge = () => new AppError('upstream_invalid', 'too large');

/** Keeps what it is told. */
class RecordingSink implements StreamSink {
  readonly chunks: Uint8Array[] = [];
  ended = false;
  failure: unknown;
  begin(): void {}
  write(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }
  end(): void {
    this.ended = true;
  }
  fail(cause: unknown): void {
    this.failure = cause;
  }
}

async function* chunked(chunks: readonly Uint8Array[], failure?: Error): AsyncGenerator<Uint8Array> {
  yield* chunks;
  if (failure !== undefined) throw failure;
}

/** The same bytes, cut at these places. */
function cutAt(places: readonly number[]): Uint8Array[] {
  const ends = [...new Set([...places, BYTES.length])].sort((a, b) => a - b);
  return ends.map((end, index) => BYTES.subarray(ends[index - 1] ?? 0, end));
}

describe('collecting a stream', () => {
  it('law: however it is cut into chunks, they are passed on as they are and come to one answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: BYTES.length })), async (places) => {
        const chunks = cutAt(places);
        const sink = new RecordingSink();
        const answer = await collectStream(chunked(chunks), sink, 1e6, tooLarge);
        expect(new TextDecoder().decode(answer.body)).toBe(readStream(WHOLE)?.text);
        expect(answer.body.byteLength).toBeGreaterThan(0);
        expect(sink.chunks.every((chunk, index) => chunk === chunks[index])).toBe(true);
        expect([sink.chunks.length, sink.ended]).toEqual([chunks.length, true]);
      }),
      LAW,
    );
  });

  it('throws what it broke off of, and tells the reader', async () => {
    const failure = new Error('reset');
    const sink = new RecordingSink();
    const collecting = collectStream(chunked([BYTES.subarray(0, 20)], failure), sink, 1e6, tooLarge);
    await expect(collecting).rejects.toBe(failure);
    expect([sink.ended, sink.failure]).toEqual([false, failure]);
  });

  it('ends a stream beyond the bound', async () => {
    const sink = new RecordingSink();
    const collecting = collectStream(chunked([BYTES, BYTES]), sink, BYTES.length, tooLarge);
    // The first of the two was a whole answer.
    expect((await collecting).status).toBe(200);
    expect(sink.failure).toMatchObject({ code: 'upstream_invalid' });
    const endless = [BYTES.subarray(0, 20), BYTES.subarray(0, 20)];
    await expect(collectStream(chunked(endless), sink, 30, tooLarge)).rejects.toMatchObject({
      code: 'upstream_invalid',
    });
  });
});

describe('what is a stream', () => {
  const response = (status: number, type: string) => ({
    status,
    headers: [['content-type', type]] as const,
    body: chunked([]),
  });

  it.each([
    [200, 'text/event-stream;charset=UTF-8', true],
    [200, 'Text/Event-Stream', true],
    [200, 'application/json', false],
    [200, 'text/event-streams', false],
    [400, 'text/event-stream', false],
  ] as const)('%i %s: %s', (status, type, expected) => {
    expect(isStream(response(status, type))).toBe(expected);
  });

  it('is asked for as the SDKs do, once', () => {
    expect(
      withStream([
        ['X-DashScope-SSE', 'Enable'],
        ['user-agent', 'x'],
      ]),
    ).toEqual([
      ['user-agent', 'x'],
      ['accept', 'text/event-stream'],
      ['x-accel-buffering', 'no'],
      ['x-dashscope-sse', 'enable'],
    ]);
  });
});
