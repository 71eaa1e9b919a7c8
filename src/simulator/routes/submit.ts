import type { OutcomeFault } from '../faults/fault.ts';
import type { Simulation } from '../state/simulation.ts';
import type { JsonRecord } from '../util/json.ts';
import type { GenerationRequest } from '../vendor/generation-request.ts';
import { readMessageRequest } from '../vendor/message-request.ts';
import { findImageModel, isPromptShapedModel } from '../vendor/models.ts';
import { checkParts } from '../vendor/parameters.ts';
import { readPromptRequest } from '../vendor/prompt-request.ts';
import { invalidParameter, refusalFor } from '../vendor/refusal.ts';
import { readRepaintRequest } from '../vendor/repaint-request.ts';
import { refusedBody } from '../vendor/success-body.ts';
import { findTaskModel, type TaskModel, type TaskService } from '../vendor/task-models.ts';
import { jsonAnswer } from './answers.ts';
import { decideOutcome } from './decide-outcome.ts';
import { drawAtOnce } from './draw-at-once.ts';
import { asksForTask, type SimulatorContext } from './request-context.ts';
import { gatewayHeaders, successHeaders } from './vendor-headers.ts';

const readers = { messages: readMessageRequest, prompt: readPromptRequest, repaint: readRepaintRequest };

/**
 * Makes a task of a body, in the form that the model wants; throws the Refusal for the first thing wrong. The few models
 * that can are drawn at once when no task is asked for.
 */
export async function submit(
  c: SimulatorContext,
  simulation: Simulation,
  service: TaskService,
  body: JsonRecord,
  account: string,
  fault: OutcomeFault | undefined,
): Promise<Response> {
  const { clock, limits } = simulation;
  const model = checkParts(body);
  const served = findServed(c, service, model);
  if (!limits.admit(account, model, clock.now())) throw refusalFor('Throttling.RateQuota');
  const request = readers[served.form](model, served.family, body);
  return asksForTask(c)
    ? submitRequest(c, simulation, served, request, account, fault)
    : drawAtOnce(c, simulation, served, request, account, fault);
}

/** What a task remembers of its model. */
type Served = Pick<TaskModel, 'service' | 'form' | 'concurrent'>;

/** Makes a task of a request that has been checked, and answers with its id. */
export async function submitRequest(
  c: SimulatorContext,
  simulation: Simulation,
  { service, form, concurrent }: Served,
  request: GenerationRequest,
  account: string,
  fault: OutcomeFault | undefined,
): Promise<Response> {
  const { clock, journal, tasks } = simulation;
  const context = c.get('request');
  const outcome = await decideOutcome(c, simulation, request, account, fault);
  if (fault?.kind === 'answer' && fault.answer === 'refused') {
    return jsonAnswer(c, simulation, refusedBody(context.requestId), successHeaders(context, clock.now()));
  }
  // The references, which may be megabytes, are read by now and not kept.
  const { references: _, ...answered } = request;
  const draft = {
    account,
    service,
    form,
    request: answered,
    outcome,
    requestId: context.requestId,
    concurrent,
  };
  const task = tasks.submit({ id: clock.uuid(), ...draft }, clock.now());
  journal.submitted();
  const output = { task_status: 'PENDING', task_id: task.id };
  const receipt = { output, request_id: context.requestId };
  return jsonAnswer(c, simulation, receipt, gatewayHeaders(context, clock.now()));
}

/** The model, if this service takes it as a task and the caller asked for one. */
function findServed(c: SimulatorContext, service: TaskService, model: string): TaskModel {
  const asked = asksForTask(c);
  const known = findTaskModel(model);
  if (known?.service === service) {
    if (asked || known.synchronous) return known;
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
