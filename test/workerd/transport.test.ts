import { describe, expect, inject, it } from 'vitest';
import { fetchTransport } from '../../src/adapters/fetch/transport.ts';
import { readAll } from '../../src/core/bytes/read-all.ts';
import type { TransportRequest } from '../../src/ports/transport.ts';

const origin = inject('origin');

const send = (path: string, more: Partial<TransportRequest> = {}) =>
  fetchTransport.send({ method: 'GET', origin, path, headers: [], ...more });
const text = async (body: AsyncIterable<Uint8Array>) => new TextDecoder().decode(await readAll(body));

/** Resolves when the server has seen its client leave. */
async function untilLeft(path: string): Promise<void> {
  while ((await text((await send(`/left${path}`)).body)) !== 'left') {
    // Asked again: it takes the server a moment to learn of it.
  }
}

describe('the fetch transport', () => {
  it('sends method, path, headers and body, and asks for nothing compressed', async () => {
    const response = await send('/echo/a%2Fb?q=%20+&&=;a[]=1', {
      method: 'POST',
      headers: [
        ['X-Own', 'a'],
        ['x-own', 'b'],
        ['content-type', 'application/json'],
        ['accept-encoding', 'gzip'],
      ],
      body: new TextEncoder().encode('{"a":1}'),
    });
    const seen = JSON.parse(await text(response.body));
    expect(seen).toMatchObject({ method: 'POST', path: '/echo/a%2Fb?q=%20+&&=;a[]=1', body: '{"a":1}' });
    expect(seen.headers).toMatchObject({
      'x-own': 'a, b',
      'content-type': 'application/json',
      'content-length': '7',
      'accept-encoding': 'identity',
    });
  });

  it('keeps to itself what the edge says of the client', async () => {
    const response = await send('/echo', {
      headers: [
        ['CF-Connecting-IP', '192.0.2.1'],
        ['cf-ray', '1'],
        ['x-real-ip', '192.0.2.1'],
        ['X-Forwarded-For', '192.0.2.1'],
        ['x-forwarded-proto', 'https'],
        ['x-kept', 'yes'],
      ],
    });
    const { headers } = JSON.parse(await text(response.body));
    expect(JSON.stringify(headers)).not.toContain('192.0.2.1');
    expect(headers).toMatchObject({ 'x-kept': 'yes' });
    expect(headers).not.toHaveProperty('cf-ray');
  });

  it('streams a body, with the length that is told', async () => {
    async function* chunks() {
      yield new TextEncoder().encode('one ');
      yield new TextEncoder().encode('two');
    }
    const told = await send('/echo', { method: 'POST', headers: [['content-length', '7']], body: chunks() });
    const seen = JSON.parse(await text(told.body));
    expect(seen).toMatchObject({ body: 'one two', headers: { 'content-length': '7' } });
    const untold = await send('/echo', { method: 'POST', body: chunks() });
    expect(JSON.parse(await text(untold.body))).toMatchObject({
      body: 'one two',
      headers: { 'transfer-encoding': 'chunked' },
    });
  });

  it('follows no redirect, and keeps cookies apart', async () => {
    const response = await send('/redirect');
    expect(response.status).toBe(302);
    expect(response.headers).toEqual(
      expect.arrayContaining([
        ['location', '/echo'],
        ['x-own', 'yes'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]),
    );
    expect(await text(response.body)).toBe('moved');
  });

  it('passes on what comes compressed as what it is by then: decoded', async () => {
    const response = await send('/gzip');
    expect(response.headers.map(([name]) => name)).not.toContain('content-encoding');
    expect(await text(response.body)).toBe('plain');
  });

  it('ends with the signal before and after the head, telling the server', async () => {
    const reason = new Error('enough');
    const early = new AbortController();
    const waiting = send('/hang', { signal: early.signal });
    early.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(send('/hang', { signal: early.signal })).rejects.toBe(reason);
    const late = new AbortController();
    const response = await send('/endless', { signal: late.signal });
    const chunks = response.body[Symbol.asyncIterator]();
    expect((await chunks.next()).done).toBe(false);
    const next = chunks.next();
    late.abort(reason);
    await expect(next).rejects.toBe(reason);
    await untilLeft('/endless');
  });

  it('ends the exchange when the reader leaves early, or never begins', async () => {
    const begun = await send('/endless/1');
    for await (const _ of begun.body) break;
    await untilLeft('/endless/1');
    const unread = await send('/endless/2');
    await unread.body[Symbol.asyncIterator]().return?.();
    await untilLeft('/endless/2');
  });

  it('counts every failure as sent', async () => {
    await expect(send('/reset')).rejects.toMatchObject({ name: 'TransportError', sent: true });
    await expect(text((await send('/broken')).body)).rejects.toThrow();
  });
});
