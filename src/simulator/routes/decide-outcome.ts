import type { OutcomeFault } from '../faults/fault.ts';
import { planDrawing } from '../images/drawing.ts';
import type { Reference } from '../images/reference.ts';
import type { Simulation } from '../state/simulation.ts';
import type { TaskFailure, TaskOutcome } from '../state/task.ts';
import { findMarker, type GenerationRequest, sizeRuleOf } from '../vendor/generation-request.ts';
import { Refusal, refusalFor } from '../vendor/refusal.ts';
import { resolveSize } from '../vendor/size.ts';
import { resolveReferences } from './references.ts';
import type { SimulatorContext } from './request-context.ts';

/** What a request will have come to once it is drawn; throws the Refusal for references that cannot be used. */
export async function decideOutcome(
  c: SimulatorContext,
  simulation: Simulation,
  request: GenerationRequest,
  account: string,
  fault: OutcomeFault | undefined,
): Promise<TaskOutcome> {
  const rule = sizeRuleOf(request);
  const nothing = { ...resolveSize(rule, request.size, undefined), images: [], inputImages: 0, missing: 0 };
  const references = await fetchReferences(c, simulation, request, account);
  if ('code' in references) return { ...nothing, missing: request.count, failure: references };
  const inputImages = references.length;
  if (fault?.kind === 'answer' && fault.answer !== 'task')
    return { ...nothing, inputImages, ...wordsOf(fault) };
  const failure = findFailure(request.prompt, fault);
  const missing = failure
    ? Math.min(request.count, (fault?.kind === 'fail' && fault.images) || request.count)
    : 0;
  const size = resolveSize(rule, request.size, references.at(-1)?.size);
  const drawing = await planDrawing(simulation.clock, request, references, size, c.get('request').requestId);
  return {
    ...drawing,
    images: drawing.images.slice(0, request.count - missing),
    inputImages,
    missing,
    ...(failure ? { failure } : {}),
    ...(fault?.kind === 'reshape' ? { shape: fault.shape } : {}),
  };
}

/** An image that cannot be fetched fails the task; everything else about references is refused at once. */
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

/** What the model says instead of drawing, when a script has it speak. */
export function wordsOf(fault: OutcomeFault): { readonly words?: string } {
  return fault.kind === 'answer' && fault.answer === 'text_only'
    ? { words: 'There is nothing to draw here.' }
    : {};
}
