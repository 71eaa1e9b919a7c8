import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { decodingTransport } from '../../src/adapters/undici/decoding-transport.ts';
import { drain } from '../../src/core/bytes/drain.ts';
import type { Transport } from '../../src/ports/transport.ts';

const TEXT = 'a picture, said in words '.repeat(1000);

/** A transport that answers with these bytes in pieces, and tells whether its exchange was ended. */
function answering(bytes: Uint8Array, encoding: string) {
  const state = { ended: false };
  const transport: Transport = {
    send: async () => ({
      status: 200,
      headers: [
        ['content-type', 'text/plain'],
        ['content-encoding', encoding],
        ['content-length', String(bytes.byteLength)],
      ],
      body: {
        [Symbol.asyncIterator]: () => {
          let at = 0;
          return {
            next: async () => {
              const value = bytes.subarray(at, at + 50);
              at += 50;
              return value.byteLength === 0 ? { done: true, value: undefined } : { done: false, value };
            },
            return: async () => {
              state.ended = true;
              return { done: true, value: undefined };
            },
          };
        },
      },
    }),
  };
  return { state, transport: decodingTransport(transport) };
}

const request = { method: 'GET', origin: 'http://a', path: '/', headers: [] };

async function read(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

it.each([
  ['gzip', gzipSync(TEXT)],
  ['GZip', gzipSync(TEXT)],
  ['x-gzip', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['identity, gzip', gzipSync(TEXT)],
  ['br, gzip', gzipSync(brotliCompressSync(TEXT))],
])('%s is undone, and what was said of the encoded bytes is gone', async (encoding, bytes) => {
  const { transport } = answering(bytes, encoding);
  const { headers, body } = await transport.send(request);
  expect(await read(body)).toBe(TEXT);
  expect(headers).toEqual([['content-type', 'text/plain']]);
});

it('an unknown encoding stays as it came', async () => {
  const { transport } = answering(Buffer.from(TEXT), 'zebra');
  const { headers, body } = await transport.send(request);
  expect(await read(body)).toBe(TEXT);
  expect(headers).toContainEqual(['content-encoding', 'zebra']);
});

it.each([
  ['cut off', gzipSync(TEXT).subarray(0, 60)],
  ['another encoding', Buffer.from(TEXT)],
])('a body that is %s fails as one that was sent', async (_, bytes) => {
  const { transport } = answering(bytes, 'gzip');
  const { body } = await transport.send(request);
  await expect(read(body)).rejects.toMatchObject({ name: 'TransportError', sent: true });
});

it('ending it before its first step ends the exchange', async () => {
  const { transport, state } = answering(gzipSync(TEXT), 'gzip');
  const { body } = await transport.send(request);
  await drain(body);
  await expect.poll(() => state.ended).toBe(true);
});
