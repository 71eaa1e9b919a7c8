import type { Clock } from '../../ports/clock.ts';
import { type Bytes, utf8 } from '../util/bytes.ts';
import { streamOf } from '../util/streams.ts';

/** The error of a body whose connection is to end without a farewell; the server part acts on it. */
export class ConnectionCut extends Error {
  override readonly name = 'ConnectionCut';
}

/** An answer of which no byte ever arrives. */
export function resetAnswer(): Response {
  return new Response(
    new ReadableStream({
      start: (controller) => controller.error(new ConnectionCut()),
    }),
  );
}

/** The same answer, whose body ends in a broken connection within the chunk that follows the first `after`. */
export function cutAnswer(response: Response, after = 0): Response {
  return withBody(response, chunksThenCut(response, after));
}

/** The same answer, the rest of whose body waits for `released` after the first `after` chunks. */
export function heldBodyAnswer(response: Response, released: Promise<void>, after = 1): Response {
  return withBody(response, chunksThenWait(response, released, after));
}

/** The same answer in small chunks with a pause before each but the first. */
export function slowAnswer(
  response: Response,
  { chunkBytes = 16_384, delayMs = 50 }: { readonly chunkBytes?: number; readonly delayMs?: number },
  clock: Clock,
  stopped: AbortSignal,
): Response {
  return withBody(
    response,
    pacedChunks(response, chunkBytes, () => clock.sleep(delayMs, stopped)),
  );
}

/** The same answer with half of its body, its Content-Length in agreement. */
export async function truncatedAnswer(response: Response): Promise<Response> {
  const whole = new Uint8Array(await response.arrayBuffer());
  const half = whole.subarray(0, Math.floor(whole.byteLength / 2));
  const headers = new Headers(response.headers);
  if (headers.has('content-length')) headers.set('content-length', String(half.byteLength));
  return new Response(half, { status: response.status, headers });
}

/** An answer that points elsewhere. */
export function redirectAnswer(location: string): Response {
  return new Response(null, { status: 307, headers: { location } });
}

/** The same answer under another status; with `gzip`, compressed whether or not the client offered to read that. */
export function rewrappedAnswer(
  { body, headers: given, status: usual }: Response,
  status = usual,
  gzip?: (stream: ReadableStream<Bytes>) => ReadableStream<Bytes>,
): Response {
  if (!gzip || !body || given.has('content-encoding')) return new Response(body, { status, headers: given });
  const headers = new Headers(given);
  headers.delete('content-length');
  headers.set('content-encoding', 'gzip');
  return new Response(gzip(body), { status, headers });
}

/** A page that has nothing to do with what was asked for. */
export function htmlAnswer(): Response {
  return new Response(utf8('<!doctype html><title>Sign in</title><p>Please sign in to this network.</p>'), {
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
}

/** Of the chunk that is cut, half arrives, 16 KiB at most, so that something is always missing. */
async function* chunksThenCut(response: Response, after: number): AsyncGenerator<Bytes> {
  let passed = 0;
  for await (const chunk of chunksOf(response)) {
    if (passed++ < after) {
      yield chunk;
      continue;
    }
    yield chunk.subarray(0, Math.max(1, Math.min(16_384, Math.floor(chunk.byteLength / 2))));
    break;
  }
  throw new ConnectionCut();
}

/** A long last chunk before the pause, such as a whole image, is split, so that there is something to wait for. */
async function* chunksThenWait(
  response: Response,
  released: Promise<void>,
  after: number,
): AsyncGenerator<Bytes> {
  let passed = 0;
  for await (const chunk of chunksOf(response)) {
    const last = ++passed === after;
    const split = last ? Math.min(chunk.byteLength, 16_384) : chunk.byteLength;
    yield chunk.subarray(0, split);
    if (last) await released;
    if (split < chunk.byteLength) yield chunk.subarray(split);
  }
}

async function* pacedChunks(
  response: Response,
  chunkBytes: number,
  pause: () => Promise<void>,
): AsyncGenerator<Bytes> {
  let first = true;
  for await (const chunk of chunksOf(response)) {
    for (let start = 0; start < chunk.byteLength; start += chunkBytes) {
      if (!first) await pause();
      first = false;
      yield chunk.subarray(start, start + chunkBytes);
    }
  }
}

async function* chunksOf(response: Response): AsyncGenerator<Bytes> {
  for await (const chunk of response.body ?? []) yield new Uint8Array(chunk);
}

function withBody(response: Response, chunks: AsyncGenerator<Bytes>): Response {
  return new Response(streamOf(chunks), { status: response.status, headers: response.headers });
}
