import { jsonAnswer } from './answers.ts';
import type { SimulatorContext } from './exchange.ts';
import { type GenerationRequest, obeyMarker, readGenerationRequest } from './generation-request.ts';
import { isRecord, type JsonRecord } from './json.ts';
import { findImageModel, isPromptShapedModel } from './models.ts';
import { objectKeys } from './object-key.ts';
import { essenceOf } from './picture.ts';
import { type Reference, resolveReference } from './references.ts';
import { invalidParameter, refusalFor } from './refusal.ts';
import type { AnswerFault } from './serve.ts';
import type { Simulation } from './simulation.ts';
import { resolveSize, type Size } from './size.ts';
import { type Outcome, successBody } from './success-body.ts';
import { successHeaders } from './vendor-headers.ts';

/** Draws the pictures that a message-shaped body asks for, synchronously; throws the Refusal for the first thing wrong. */
export async function generate(
  c: SimulatorContext,
  simulation: Simulation,
  body: JsonRecord,
  account: string,
  fault: AnswerFault | undefined,
): Promise<Response> {
  const { clock, limits, journal } = simulation;
  const { requestId } = c.get('exchange');
  const model = checkParts(body);
  const known = findImageModel(model);
  if (!known) {
    throw isPromptShapedModel(model)
      ? invalidParameter('url error, please check url!')
      : refusalFor('ModelNotFound');
  }
  if (c.req.header('x-dashscope-async') === 'enable') {
    throw refusalFor('AccessDenied', 'current user api does not support asynchronous calls');
  }
  if (!limits.admit(account, model, clock.now())) throw refusalFor('Throttling.RateQuota');
  const request = readGenerationRequest(model, known.family, body);
  const references = await resolveAll(c, simulation, request);
  const rule = (references.length > 0 ? known.family.editSize : undefined) ?? known.family.size;
  const size = resolveSize(rule, request.size, references.at(-1)?.size);
  obeyMarker(request.prompt);
  await work(simulation, model);
  if (fault === 'refused') {
    return jsonAnswer(c, simulation, refusedBody(requestId), successHeaders(c.get('exchange'), clock.now()));
  }
  const outcome = fault
    ? { ...size, urls: [], ...(fault === 'text_only' ? { words: 'There is nothing to draw here.' } : {}) }
    : await draw(simulation, request, references, size, requestId);
  journal.accepted(model, outcome.urls.length);
  const headers = successHeaders(c.get('exchange'), clock.now(), known.limit);
  return jsonAnswer(c, simulation, successBody(request, outcome, requestId), headers);
}

/** The three top-level parts, in the order in which the vendor misses them; returns the model's id. */
function checkParts(body: JsonRecord): string {
  if (typeof body.model !== 'string' || body.model === '') throw refusalFor('BadRequest.EmptyModel');
  if (body.input === undefined || body.input === null) throw refusalFor('BadRequest.EmptyInput');
  if (body.parameters === undefined || body.parameters === null) {
    throw refusalFor('BadRequest.EmptyParameters');
  }
  if (!isRecord(body.parameters)) throw invalidParameter('parameters must be an object');
  return body.model;
}

function resolveAll(
  c: SimulatorContext,
  { clock }: Simulation,
  { references, family }: GenerationRequest,
): Promise<Reference[]> {
  const resolveOss = c.req.header('x-dashscope-ossresourceresolve') === 'enable';
  const rules = { maxBytes: family.references.maxBytes, resolveOss, clock };
  return Promise.all(references.map((reference) => resolveReference(reference, rules)));
}

async function work({ clock, latencyMs, stopped }: Simulation, model: string): Promise<void> {
  const ms = latencyMs(model);
  if (ms > 0) await clock.sleep(ms, stopped.signal);
}

async function draw(
  simulation: Simulation,
  request: GenerationRequest,
  references: readonly Reference[],
  size: Size,
  requestId: string,
): Promise<Outcome> {
  const { clock, pictures, urls, urlLifetimeMs } = simulation;
  const seed = request.seed ?? Math.floor(clock.random() * 2 ** 32);
  const createdAt = clock.now();
  const signed = objectKeys(request, requestId, seed, clock).map(async (objectKey, index) => {
    const essence = await essenceOf(request, references, size, seed, index);
    pictures.add({ ...size, objectKey, essence, createdAt });
    return urls.sign(objectKey, createdAt + urlLifetimeMs);
  });
  return { ...size, urls: await Promise.all(signed) };
}

/** A refusal under status 200, which several clients guard against. */
function refusedBody(requestId: string): JsonRecord {
  return { code: 'InvalidParameter', message: 'size is not supported', request_id: requestId };
}
