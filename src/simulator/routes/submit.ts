import type { OutcomeFault } from '../faults/fault.ts';
import { planDrawing } from '../pictures/drawing.ts';
import type { Simulation } from '../state/simulation.ts';
import type { TaskFailure, TaskOutcome } from '../state/task.ts';
import type { JsonRecord } from '../util/json.ts';
import { findMarker, type GenerationRequest, sizeRuleOf } from '../vendor/generation-request.ts';
import { readMessageRequest } from '../vendor/message-request.ts';
import { findImageModel, isPromptShapedModel } from '../vendor/models.ts';
import { checkParts } from '../vendor/parameters.ts';
import { readPromptRequest } from '../vendor/prompt-request.ts';
import { invalidParameter, Refusal, refusalFor } from '../vendor/refusal.ts';
import { resolveSize } from '../vendor/size.ts';
import { refusedBody, wordsOf } from '../vendor/success-body.ts';
import { findTaskModel, type TaskModel, type TaskService } from '../vendor/task-models.ts';
import { jsonAnswer } from './answers.ts';
import { type Reference, resolveReferences } from './references.ts';
import type { SimulatorContext } from './request-context.ts';
import { gatewayHeaders, successHeaders } from './vendor-headers.ts';

/**
 * Makes a task of a body, message-shaped or prompt-shaped as the service wants it; throws the Refusal for the first thing
 * wrong.
 */
export async function submit(
  c: SimulatorContext,
  simulation: Simulation,
  service: TaskService,
  body: JsonRecord,
  account: string,
  fault: OutcomeFault | undefined,
): Promise<Response> {
  const { clock, limits, journal, tasks } = simulation;
  const exchange = c.get('exchange');
  const model = checkParts(body);
  const { family, concurrent } = findServed(c, service, model);
  if (!limits.admit(account, model, clock.now())) throw refusalFor('Throttling.RateQuota');
  const read = service === 'image-generation' ? readMessageRequest : readPromptRequest;
  const request = read(model, family, body);
  const outcome = await decideOutcome(c, simulation, request, account, fault);
  if (fault?.kind === 'answer' && fault.answer === 'refused') {
    return jsonAnswer(c, simulation, refusedBody(exchange.requestId), successHeaders(exchange, clock.now()));
  }
  // The references, which may be megabytes, are read by now and not kept.
  const { references: _, ...answered } = request;
  const draft = { account, service, request: answered, outcome, requestId: exchange.requestId, concurrent };
  const task = tasks.submit({ id: clock.uuid(), ...draft }, clock.now());
  journal.submitted();
  const output = { task_status: 'PENDING', task_id: task.id };
  const receipt = { output, request_id: exchange.requestId };
  return jsonAnswer(c, simulation, receipt, gatewayHeaders(exchange, clock.now()));
}

/** The model, if this service takes it as a task and the caller asked for one. */
function findServed(c: SimulatorContext, service: TaskService, model: string): TaskModel {
  const asked = c.req.header('x-dashscope-async') === 'enable';
  const known = findTaskModel(model);
  if (known?.service === service) {
    if (asked) return known;
    throw refusalFor('AccessDenied', 'current user api does not support synchronous calls');
  }
  const imageModel = findImageModel(model);
  if (!known && imageModel && asked) {
    throw refusalFor('AccessDenied', 'current user api does not support asynchronous calls');
  }
  const recognised = known ?? imageModel ?? isPromptShapedModel(model);
  if (service === 'image-generation' && !recognised) throw refusalFor('ModelNotFound');
  throw invalidParameter('url error, please check url!');
}

async function decideOutcome(
  c: SimulatorContext,
  simulation: Simulation,
  request: GenerationRequest,
  account: string,
  fault: OutcomeFault | undefined,
): Promise<TaskOutcome> {
  const rule = sizeRuleOf(request);
  const nothing = { ...resolveSize(rule, request.size, undefined), pictures: [], inputImages: 0, missing: 0 };
  const references = await fetchReferences(c, simulation, request, account);
  if ('code' in references) return { ...nothing, missing: request.count, failure: references };
  const inputImages = references.length;
  if (fault?.kind === 'answer') return { ...nothing, inputImages, ...wordsOf(fault) };
  const failure = findFailure(request.prompt, fault);
  const missing = failure
    ? Math.min(request.count, (fault?.kind === 'fail' && fault.images) || request.count)
    : 0;
  const size = resolveSize(rule, request.size, references.at(-1)?.size);
  const drawing = await planDrawing(simulation, request, references, size, c.get('exchange').requestId);
  return {
    ...drawing,
    pictures: drawing.pictures.slice(0, request.count - missing),
    inputImages,
    missing,
    ...(failure ? { failure } : {}),
  };
}

/** A picture that cannot be fetched fails the task; everything else about references is refused at once. */
async function fetchReferences(
  c: SimulatorContext,
  simulation: Simulation,
  request: GenerationRequest,
  account: string,
): Promise<Reference[] | TaskFailure> {
  try {
    return await resolveReferences(c, simulation, request, account);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'BadRequest.InputDownloadFailed') {
      return { code: error.code, message: error.message };
    }
    throw error;
  }
}

function findFailure(prompt: string, fault: OutcomeFault | undefined): TaskFailure | undefined {
  const scripted = fault?.kind === 'fail' ? fault : undefined;
  const code = findMarker(prompt) ?? (scripted ? (scripted.code ?? 'InternalError') : undefined);
  if (code === undefined) return undefined;
  const usual =
    code === 'DataInspectionFailed' ? 'Output data may contain inappropriate content.' : undefined;
  const { message } = refusalFor(code, scripted?.message ?? usual);
  return { code, message };
}
