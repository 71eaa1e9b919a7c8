import type { OutcomeFault } from '../faults/fault.ts';
import { imageTexts, planDrawing, storeDrawing } from '../images/drawing.ts';
import type { Reference } from '../images/reference.ts';
import type { Simulation } from '../state/simulation.ts';
import type { JsonRecord } from '../util/json.ts';
import { findMarker, type GenerationRequest, sizeRuleOf } from '../vendor/generation-request.ts';
import { readMessageRequest } from '../vendor/message-request.ts';
import { findImageModel, isPromptShapedModel } from '../vendor/models.ts';
import { checkParts } from '../vendor/parameters.ts';
import { invalidParameter, refusalFor } from '../vendor/refusal.ts';
import { resolveSize, type Size } from '../vendor/size.ts';
import { type Outcome, refusedBody, successBody } from '../vendor/success-body.ts';
import { findTaskModel } from '../vendor/task-models.ts';
import { jsonAnswer } from './answers.ts';
import { wordsOf } from './decide-outcome.ts';
import { drawingTime } from './draw-at-once.ts';
import { asksForEvents, streamInterleaved } from './interleave.ts';
import { resolveReferences } from './references.ts';
import { asksForTask, type SimulatorContext } from './request-context.ts';
import { submitRequest } from './submit.ts';
import { successHeaders } from './vendor-headers.ts';

/** Draws the images that a message-shaped body asks for, synchronously; throws the Refusal for the first thing wrong. */
export async function generate(
  c: SimulatorContext,
  simulation: Simulation,
  body: JsonRecord,
  account: string,
  fault: OutcomeFault | undefined,
): Promise<Response> {
  const { clock, limits, journal } = simulation;
  const { requestId } = c.get('request');
  const model = checkParts(body);
  const known = findImageModel(model);
  if (!known) {
    throw isPromptShapedModel(model)
      ? invalidParameter('url error, please check url!')
      : refusalFor('ModelNotFound');
  }
  const taskAsked = asksForTask(c);
  if (taskAsked && simulation.asyncHeader === 'refuse') {
    throw refusalFor('AccessDenied', 'current user api does not support asynchronous calls');
  }
  if (!limits.admit(account, model, clock.now())) throw refusalFor('Throttling.RateQuota');
  const request = readMessageRequest(model, known.family, body);
  if (request.interleaved && !asksForEvents(c, body)) {
    throw invalidParameter('enable_interleave needs X-DashScope-SSE: enable and parameters.stream: true');
  }
  if (
    (taskAsked && simulation.asyncHeader === 'task') ||
    (fault?.kind === 'answer' && fault.answer === 'task')
  ) {
    const { concurrent } = findTaskModel(model) ?? { concurrent: 1 };
    return submitRequest(
      c,
      simulation,
      { service: 'image-generation', form: 'messages', concurrent },
      request,
      account,
      fault,
    );
  }
  const references = await resolveReferences(c, simulation, request, account);
  const size = resolveSize(sizeRuleOf(request), request.size, references.at(-1)?.size);
  const code = findMarker(request.prompt);
  if (code !== undefined) throw refusalFor(code);
  if (fault?.kind === 'fail' && fault.images === undefined && !request.interleaved) {
    throw refusalFor(fault.code ?? 'InternalError', fault.message);
  }
  // A stream draws while it runs.
  if (!request.interleaved) await drawingTime(simulation, model);
  if (fault?.kind === 'answer' && fault.answer === 'refused') {
    return jsonAnswer(c, simulation, refusedBody(requestId), successHeaders(c.get('request'), clock.now()));
  }
  const outcome = await draw(simulation, request, references, size, requestId, fault);
  journal.accepted(model, outcome.urls.length);
  if (request.interleaved) return streamInterleaved(c, simulation, request, outcome, fault);
  const headers = successHeaders(c.get('request'), clock.now(), known.limit);
  return jsonAnswer(c, simulation, successBody(request, outcome, requestId), headers);
}

async function draw(
  simulation: Simulation,
  request: GenerationRequest,
  references: readonly Reference[],
  size: Size,
  requestId: string,
  fault: OutcomeFault | undefined,
): Promise<Outcome> {
  const inputImages = references.length;
  if (fault?.kind === 'answer') return { ...size, urls: [], inputImages, ...wordsOf(fault) };
  const planned = await planDrawing(simulation.clock, request, references, size, requestId);
  const missing = fault?.kind === 'fail' ? (fault.images ?? 0) : 0;
  const drawing = { ...planned, images: planned.images.slice(0, Math.max(0, request.count - missing)) };
  const createdAt = simulation.clock.now();
  storeDrawing(simulation.images, drawing, createdAt);
  const shape = fault?.kind === 'reshape' ? fault.shape : undefined;
  const urls = await imageTexts(simulation, drawing, createdAt, shape);
  return { ...size, urls, inputImages, ...(shape ? { shape } : {}) };
}
