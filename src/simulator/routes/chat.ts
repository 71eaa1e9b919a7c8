import type { Simulation } from '../state/simulation.ts';
import { type Bytes, utf8 } from '../util/bytes.ts';
import { isRecord, type JsonRecord } from '../util/json.ts';
import { streamOf } from '../util/streams.ts';
import { eventFrame } from '../vendor/sse.ts';
import { jsonAnswer, streamAnswer } from './answers.ts';
import type { SimulatorContext } from './request-context.ts';
import { successHeaders } from './vendor-headers.ts';

const pieces = ['The picture ', 'shows a ', 'quiet landscape.'];

/** A small vision-chat answer in the native dialect, whole or as events: what shares the image models' path. */
export function chat(c: SimulatorContext, simulation: Simulation): Response {
  const context = c.get('request');
  const headers = successHeaders(context, simulation.clock.now());
  if (c.req.header('x-dashscope-sse') !== 'enable') {
    const body = nativeChat(context.requestId, pieces.join(''), 'stop');
    return jsonAnswer(c, simulation, body, headers);
  }
  const events = [
    ...pieces.map((text) => nativeChat(context.requestId, text, 'null')),
    nativeChat(context.requestId, '', 'stop'),
  ];
  const frames = events.map((event, index) => eventFrame(index + 1, 'result', 200, event));
  return streamAnswer(c, simulation, streamOf(inTurn(frames)), {
    ...headers,
    'content-type': 'text/event-stream;charset=UTF-8',
    'x-dashscope-finished': 'false',
  });
}

/** A small chat answer in the OpenAI dialect of /compatible-mode, whole or as events. */
export function compatibleChat(c: SimulatorContext, simulation: Simulation, request: JsonRecord): Response {
  const context = c.get('request');
  const headers = successHeaders(context, simulation.clock.now());
  const { model } = request;
  const id = `chatcmpl-${context.requestId}`;
  const created = Math.floor(context.arrivedAt / 1000);
  if (request.stream !== true) {
    const message = { role: 'assistant', content: pieces.join('') };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    const usage = { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 };
    return jsonAnswer(
      c,
      simulation,
      { id, object: 'chat.completion', created, model, choices, usage },
      headers,
    );
  }
  const chunk = (delta: JsonRecord, finish: 'stop' | null) => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const chunks = [...pieces.map((content) => chunk({ content }, null)), chunk({}, 'stop')];
  const frames = [...chunks.map((event) => JSON.stringify(event)), '[DONE]'];
  return streamAnswer(c, simulation, streamOf(inTurn(frames.map((data) => `data: ${data}\n\n`))), {
    ...headers,
    'content-type': 'text/event-stream;charset=UTF-8',
  });
}

/** A vector of small numbers for each text, in the native dialect. */
export function embeddings(c: SimulatorContext, simulation: Simulation, request: JsonRecord): Response {
  const context = c.get('request');
  const input = isRecord(request.input) ? request.input.texts : undefined;
  const texts: readonly unknown[] = Array.isArray(input) ? input : [];
  const vectors = texts.map((text, index) => ({
    text_index: index,
    embedding: Array.from({ length: 8 }, (_, at) => (String(text).charCodeAt(at) || 0) / 65536),
  }));
  const usage = { total_tokens: texts.length };
  const body = { output: { embeddings: vectors }, usage, request_id: context.requestId };
  return jsonAnswer(c, simulation, body, successHeaders(context, simulation.clock.now()));
}

function nativeChat(requestId: string, text: string, finish: 'null' | 'stop'): JsonRecord {
  const message = { role: 'assistant', content: text === '' ? [] : [{ text }] };
  return {
    output: { choices: [{ message, finish_reason: finish }] },
    usage: { input_tokens: 9, output_tokens: 6, total_tokens: 15, image_tokens: 1 },
    request_id: requestId,
  };
}

async function* inTurn(frames: readonly string[]): AsyncGenerator<Bytes> {
  for (const frame of frames) yield utf8(frame);
}
