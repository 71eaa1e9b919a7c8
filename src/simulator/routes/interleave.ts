import type { OutcomeFault } from '../faults/fault.ts';
import type { Simulation } from '../state/simulation.ts';
import { type Bytes, utf8 } from '../util/bytes.ts';
import { isRecord, type JsonRecord } from '../util/json.ts';
import { streamOf } from '../util/streams.ts';
import type { GenerationRequest } from '../vendor/generation-request.ts';
import { interleavedItems, interleavedUsage } from '../vendor/interleave-items.ts';
import { type Refusal, refusalFor } from '../vendor/refusal.ts';
import { errorFrame, eventFrame } from '../vendor/sse.ts';
import type { Outcome } from '../vendor/success-body.ts';
import { streamAnswer } from './answers.ts';
import type { SimulatorContext } from './request-context.ts';
import { successHeaders } from './vendor-headers.ts';

/** True when header and body both ask for events. */
export function asksForEvents(c: SimulatorContext, { parameters }: JsonRecord): boolean {
  return c.req.header('x-dashscope-sse') === 'enable' && isRecord(parameters) && parameters.stream === true;
}

/** True when texts and images in turn are asked for, as events. */
export function asksForInterleaved(c: SimulatorContext, body: JsonRecord): boolean {
  return asksForEvents(c, body) && isRecord(body.parameters) && body.parameters.enable_interleave === true;
}

/** Texts and images in turn as events, each image after the time that it takes to draw. */
export function streamInterleaved(
  c: SimulatorContext,
  simulation: Simulation,
  request: GenerationRequest,
  outcome: Outcome,
  fault: OutcomeFault | undefined,
): Response {
  const { requestId } = c.get('request');
  const frames = framesOf(simulation, request, outcome, requestId);
  const failure =
    fault?.kind === 'fail' ? refusalFor(fault.code ?? 'InternalError', fault.message) : undefined;
  const after = fault?.kind === 'fail' ? (fault.after ?? 1) : 0;
  const body = failure ? failing(frames, after, failure, requestId) : frames;
  return eventsAnswer(c, simulation, body);
}

/** The vendor's no to a streamed call: an answer of status 200 whose first event is the error. */
export function refusedStream(c: SimulatorContext, simulation: Simulation, refusal: Refusal): Response {
  const { requestId } = c.get('request');
  async function* only(): AsyncGenerator<Bytes> {
    yield utf8(errorFrame(1, refusal, requestId));
  }
  return eventsAnswer(c, simulation, only());
}

function eventsAnswer(c: SimulatorContext, simulation: Simulation, frames: AsyncGenerator<Bytes>): Response {
  return streamAnswer(c, simulation, streamOf(frames), {
    ...successHeaders(c.get('request'), simulation.clock.now()),
    'content-type': 'text/event-stream;charset=UTF-8',
    'x-dashscope-finished': 'false',
  });
}

async function* framesOf(
  { clock, latencyMs, stopped }: Simulation,
  request: GenerationRequest,
  outcome: Outcome,
  requestId: string,
): AsyncGenerator<Bytes> {
  let id = 0;
  let texts = 0;
  let images = 0;
  const frame = (content: readonly JsonRecord[], last: boolean) => {
    const message = { role: 'assistant', content };
    const output = { choices: [{ message, finish_reason: last ? 'stop' : 'null' }], finished: last };
    const usage = interleavedUsage(request.prompt, texts, images, outcome);
    return utf8(eventFrame(++id, 'result', 200, { output, usage, request_id: requestId }));
  };
  for (const item of interleavedItems(outcome.urls).flat()) {
    if (item.type === 'image') {
      const ms = latencyMs(request.model);
      if (ms > 0) await clock.sleep(ms, stopped.signal);
      images++;
    } else texts++;
    yield frame([item], false);
  }
  if (outcome.words !== undefined) yield frame([{ type: 'text', text: outcome.words }], false);
  yield frame([], true);
}

async function* failing(
  frames: AsyncGenerator<Bytes>,
  after: number,
  failure: Refusal,
  requestId: string,
): AsyncGenerator<Bytes> {
  let passed = 0;
  if (after > 0) {
    for await (const frame of frames) {
      yield frame;
      if (++passed === after) break;
    }
  }
  yield utf8(errorFrame(passed + 1, failure, requestId));
}
