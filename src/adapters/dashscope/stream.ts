import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import { readStream } from '../../core/dashscope/stream-answer.ts';
import { AppError } from '../../core/errors.ts';
import { findHeader, type HeaderList } from '../../core/headers.ts';
import { isJsonObject, type JsonValue } from '../../core/json/json-value.ts';
import type { StreamSink, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { TransportResponse } from '../../ports/transport.ts';

/** How the SDKs ask for a stream. */
const STREAM_HEADERS: HeaderList = [
  ['accept', 'text/event-stream'],
  ['x-accel-buffering', 'no'],
  ['x-dashscope-sse', 'enable'],
];

/** The headers, changed to ask for a stream. */
export function withStream(headers: HeaderList): HeaderList {
  const others = headers.filter(([name]) => findHeader(STREAM_HEADERS, name.toLowerCase()) === undefined);
  return [...others, ...STREAM_HEADERS];
}

/** Whether a request asks each event to repeat the ones before it. */
export function asksForRepetition(body: Uint8Array): boolean {
  const text = new TextDecoder().decode(body);
  // Bodies may have many megabytes, and hardly any names it: look before parsing.
  if (!text.includes('incremental_output')) return false;
  const request: JsonValue = JSON.parse(text);
  const parameters = isJsonObject(request) ? request.parameters : undefined;
  return isJsonObject(parameters) && parameters.incremental_output === false;
}

/** The gateway refuses in plain JSON with a status of its own, whatever was asked for. */
export function isStream({ status, headers }: TransportResponse): boolean {
  if (status !== 200 || findHeader(headers, 'content-encoding') !== undefined) return false;
  return /^text\/event-stream\b/i.test(findHeader(headers, 'content-type') ?? '');
}

/**
 * Passes a stream on as it comes, and collects one answer from it. A stream that broke off after its last event is whole:
 * it is paid for. Throws if the stream is not whole. `repeating` says that each event was asked to repeat those before it.
 */
export async function collectStream(
  body: AsyncIterable<Uint8Array>,
  live: StreamSink,
  maxBytes: number,
  tooLarge: () => AppError,
  repeating = false,
): Promise<Omit<UpstreamAnswer, 'simulated'>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let failure: unknown = new AppError(
    'upstream_invalid',
    "Upstream's stream ended before its last event, or with an error after an image.",
  );
  try {
    for await (const chunk of body) {
      live.write(chunk);
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
    live.end();
  } catch (error) {
    failure = error;
    live.fail(error);
  }
  const whole = readStream(new TextDecoder().decode(concatBytes(chunks)), repeating);
  if (whole === undefined) throw failure;
  return {
    status: whole.status,
    headers: [['content-type', 'application/json']],
    body: new TextEncoder().encode(whole.text),
    streamed: true,
  };
}
