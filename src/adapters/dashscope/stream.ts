import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import { readStream } from '../../core/dashscope/stream-answer.ts';
import { AppError } from '../../core/errors.ts';
import { findHeader, type HeaderList } from '../../core/headers.ts';
import { isJsonObject, type JsonValue } from '../../core/json/json-text.ts';
import type { StreamSink, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { TransportResponse } from '../../ports/transport.ts';

/** How the SDKs ask for a stream. */
const STREAM_HEADERS: HeaderList = [
  ['accept', 'text/event-stream'],
  ['x-accel-buffering', 'no'],
  ['x-dashscope-sse', 'enable'],
];

/** The headers, asking for a stream whatever they asked for before. */
export function withStream(headers: HeaderList): HeaderList {
  const others = headers.filter(([name]) => findHeader(STREAM_HEADERS, name.toLowerCase()) === undefined);
  return [...others, ...STREAM_HEADERS];
}

/** Whether a request asks that each event repeat what was told before it. */
export function asksForRepetition(body: Uint8Array): boolean {
  const text = new TextDecoder().decode(body);
  // Bodies may be of many megabytes, and hardly any names it.
  if (!text.includes('incremental_output')) return false;
  const request: JsonValue = JSON.parse(text);
  const parameters = isJsonObject(request) ? request.parameters : undefined;
  return isJsonObject(parameters) && parameters.incremental_output === false;
}

/** Refusals of the gateway are plain JSON, with a status of their own, whatever was asked for. */
export function isStream({ status, headers }: TransportResponse): boolean {
  if (status !== 200 || findHeader(headers, 'content-encoding') !== undefined) return false;
  return /^text\/event-stream\b/i.test(findHeader(headers, 'content-type') ?? '');
}

/**
 * Passes a stream on as it comes, and makes one answer of it. What broke off after the last event is whole all the same:
 * it is paid for. Otherwise throws why it is not. With `repeating`, each event was asked to repeat those before it.
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
