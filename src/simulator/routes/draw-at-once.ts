import type { OutcomeFault } from '../faults/fault.ts';
import { imageTexts } from '../images/drawing.ts';
import type { Simulation } from '../state/simulation.ts';
import { concludeTask, finalStatus } from '../state/task.ts';
import type { GenerationRequest } from '../vendor/generation-request.ts';
import { refusalFor } from '../vendor/refusal.ts';
import { refusedBody } from '../vendor/success-body.ts';
import type { TaskModel } from '../vendor/task-models.ts';
import { jsonAnswer } from './answers.ts';
import { decideOutcome } from './decide-outcome.ts';
import type { SimulatorContext } from './request-context.ts';
import { taskBody } from './task-body.ts';
import { successHeaders } from './vendor-headers.ts';

/** Draws what a prompt-shaped body asks for while the client waits; answers what the poll of a finished task would. */
export async function drawAtOnce(
  c: SimulatorContext,
  simulation: Simulation,
  served: Pick<TaskModel, 'service' | 'form' | 'concurrent'>,
  request: GenerationRequest,
  account: string,
  fault: OutcomeFault | undefined,
): Promise<Response> {
  const { clock, images, journal } = simulation;
  const context = c.get('request');
  const { requestId, arrivedAt: submittedAt } = context;
  const outcome = await decideOutcome(c, simulation, request, account, fault);
  await drawingTime(simulation, request.model);
  const endedAt = clock.now();
  if (fault?.kind === 'answer' && fault.answer === 'refused') {
    return jsonAnswer(c, simulation, refusedBody(requestId), successHeaders(context, endedAt));
  }
  const status = finalStatus(outcome);
  if (status === 'FAILED') throw refusalFor(outcome.failure?.code ?? '', outcome.failure?.message);
  const times = { submittedAt, startedAt: submittedAt, endedAt };
  const { service, form, concurrent } = served;
  const draft = { id: clock.uuid(), account, service, form, request, outcome, requestId, concurrent };
  const task = { ...draft, status, ...times };
  concludeTask(task, images, journal);
  const body = taskBody(task, await imageTexts(simulation, outcome, endedAt, outcome.shape));
  return jsonAnswer(c, simulation, { request_id: requestId, ...body }, successHeaders(context, endedAt));
}

/** Waits as long as this model takes for one generation. */
export async function drawingTime({ clock, latencyMs, stopped }: Simulation, model: string): Promise<void> {
  const ms = latencyMs(model);
  if (ms > 0) await clock.sleep(ms, stopped.signal);
}
