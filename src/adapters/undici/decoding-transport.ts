import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { findHeader } from '../../core/headers.ts';
import { type Transport, TransportError, type TransportResponse } from '../../ports/transport.ts';

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/**
 * A transport whose bodies come decoded: some gateways compress although `identity` alone was asked for, and what they
 * compressed is paid for. The headers that spoke of the encoded bytes are gone then. What is in an unknown encoding stays
 * as it came. A body that cannot be decoded fails with `TransportError`, sent.
 */
export function decodingTransport(transport: Transport): Transport {
  return { send: async (request) => decode(await transport.send(request)) };
}

function decode(response: TransportResponse): TransportResponse {
  const decoders = encodingsOf(response).map((name) => DECODERS.get(name));
  if (decoders.length === 0 || !decoders.every((decoder) => decoder !== undefined)) return response;
  return {
    status: response.status,
    headers: response.headers.filter(([name]) => name !== 'content-encoding' && name !== 'content-length'),
    body: {
      [Symbol.asyncIterator]: () =>
        decodeBody(
          response.body,
          decoders.map((open) => open()),
        ),
    },
  };
}

/** The last applied first (RFC 9110 section 8.4). */
function encodingsOf({ headers }: TransportResponse): string[] {
  const names = (findHeader(headers, 'content-encoding') ?? '').toLowerCase().split(',');
  return names
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
    .reverse();
}

/** Ending it early ends the request, even before its first step. */
function decodeBody(
  body: AsyncIterable<Uint8Array>,
  decoders: readonly Transform[],
): AsyncIterator<Uint8Array, undefined> {
  const source = Readable.from(body, { objectMode: false });
  let failure: unknown;
  source.once('error', (error) => {
    failure = error;
  });
  const decoded = decoders.reduce<Readable>((from, decoder) => pipeline(from, decoder, () => {}), source);
  const chunks: AsyncIterator<Uint8Array> = decoded[Symbol.asyncIterator]();
  return {
    next: async () => {
      try {
        const step = await chunks.next();
        return step.done ? { done: true, value: undefined } : step;
      } catch (cause) {
        // Why the request failed says more than that its bytes ended too soon.
        if (failure !== undefined) throw failure;
        throw new TransportError('The body is not in the encoding that its header names', true, { cause });
      }
    },
    return: async () => {
      source.destroy();
      decoded.destroy();
      return { done: true, value: undefined };
    },
  };
}
