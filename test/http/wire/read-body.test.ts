import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { isAppError } from '../../../src/core/errors.ts';
import { withBody } from '../../../src/http/wire/read-body.ts';
import { ByteBudget } from '../../../src/services/limits/byte-budget.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';

const KIB = 1024;

/** One route that answers with the length of its body, or with the code of what went wrong. */
function start(maxBytes: number, budget: ByteBudget) {
  const clock = new ManualClock();
  const app = new Hono();
  app.onError((error, c) => c.text(isAppError(error) ? error.code : String(error)));
  app.post('/', (c) =>
    withBody(c, { maxBytes, budget, clock }, async (body) => c.text(`${body.length}, ${budget.held} held`)),
  );
  return { app, clock };
}

/** A request whose body is sent chunk by chunk, by hand. */
function slowRequest(declared: number) {
  let sender: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      sender = controller;
    },
  });
  const init = { method: 'POST', headers: { 'content-length': String(declared) }, body, duplex: 'half' };
  return {
    request: new Request('http://127.0.0.1/', init),
    send: (bytes: number) => sender?.enqueue(new Uint8Array(bytes)),
    end: () => sender?.close(),
  };
}

describe('a body', () => {
  it('that was only declared takes no room from others', async () => {
    const budget = new ByteBudget(100 * KIB);
    const { app } = start(100 * KIB, budget);
    const slow = slowRequest(100 * KIB);
    const answered = app.request(slow.request);
    await settle();
    expect(budget.held).toBe(0);
    slow.send(70 * KIB);
    await settle();
    expect(budget.held).toBe(70 * KIB);
    slow.send(30 * KIB);
    slow.end();
    expect(await (await answered).text()).toBe(`${100 * KIB}, ${100 * KIB} held`);
    expect(budget.held).toBe(0);
  });

  it.each([10, 70 * KIB])('of %i bytes that does not fit beside the others is refused', async (size) => {
    const budget = new ByteBudget(100 * KIB);
    budget.take(100 * KIB - 5);
    const { app } = start(100 * KIB, budget);
    const body = new Uint8Array(size);
    const response = await app.request('/', {
      method: 'POST',
      body,
      headers: { 'content-length': `${size}` },
    });
    expect(await response.text()).toBe('overloaded');
    expect(budget.held).toBe(100 * KIB - 5);
  });

  it('that trickles in loses its room after five minutes', async () => {
    const budget = new ByteBudget(100 * KIB);
    const { app, clock } = start(100 * KIB, budget);
    const slow = slowRequest(100 * KIB);
    const answered = app.request(slow.request);
    slow.send(1);
    await settle();
    expect(budget.held).toBe(1);
    await clock.advance(5 * 60 * 1000);
    expect(await (await answered).text()).toBe('invalid_request');
    expect(budget.held).toBe(0);
  });
});
