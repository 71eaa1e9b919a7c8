import type { FaultEffect, OutcomeFault } from '../faults/fault.ts';
import {
  cutAnswer,
  heldBodyAnswer,
  htmlAnswer,
  redirectAnswer,
  resetAnswer,
  rewrappedAnswer,
  slowAnswer,
  truncatedAnswer,
} from '../faults/fault-effects.ts';
import type { Strike } from '../faults/fault-queue.ts';
import { type FaultTarget, reaches } from '../faults/fault-target.ts';
import type { Simulation } from '../state/simulation.ts';
import { Refusal, refusalFor, refusalWithStatus } from '../vendor/refusal.ts';
import { gatewayAnswer, refusalAnswer } from './answers.ts';
import type { SimulatorContext } from './request-context.ts';

/** One request on its way through journal, key check and faults to the work itself. */
export interface Call {
  readonly target: FaultTarget;
  /** Empty where the request names none. */
  readonly model: string;
  readonly body: string;
  /** Does the work and answers, or throws a Refusal. `fault` is set when a script changes the outcome. */
  produce(account: string, fault: OutcomeFault | undefined): Promise<Response>;
  /** The target's own wording of errors; by default the native dialect's. */
  readonly refuse?: (refusal: Refusal) => Response;
  /** Result URLs carry their own proof. */
  readonly withoutKey?: boolean;
}

/** Answers one call as the vendor would, unless a scripted fault strikes it. Keys are checked before anything else. */
export async function handleCall(c: SimulatorContext, simulation: Simulation, call: Call): Promise<Response> {
  const { journal, faults } = simulation;
  const url = new URL(c.req.url);
  const { target, model, body } = call;
  const { arrivedAt } = c.get('request');
  const path = `${url.pathname}${url.search}`;
  journal.arrived({ target, method: c.req.method, path, headers: c.req.header(), body }, model, arrivedAt);
  try {
    const key = call.withoutKey ? '' : authenticate(c, simulation);
    const account = call.withoutKey ? '' : simulation.accountOf(key);
    const strike = faults.take(target, model, key);
    return await strikeOn(c, simulation, strike, (fault) => call.produce(account, fault));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (reaches('generation', target)) journal.refused(model, error.code);
    return call.refuse?.(error) ?? refusalAnswer(c, simulation, error);
  }
}

/** The request's key, if it is accepted. */
function authenticate(c: SimulatorContext, simulation: Simulation): string {
  const key = /^bearer\s+(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (!key) throw refusalFor('InvalidApiKey', 'No API-key provided.');
  if (!simulation.accepts(key)) throw refusalFor('InvalidApiKey');
  return key;
}

async function strikeOn(
  c: SimulatorContext,
  simulation: Simulation,
  strike: Strike | undefined,
  produce: (fault?: OutcomeFault) => Promise<Response>,
): Promise<Response> {
  const { clock, compression, journal, stopped } = simulation;
  const { signal } = c.req.raw;
  const onAbort = () => journal.aborted();
  // A connection that the simulator breaks itself is no client's leaving.
  const breaksOff = strike?.effect.kind === 'reset' || strike?.effect.kind === 'cut';
  if (!breaksOff) signal.addEventListener('abort', onAbort);
  if (!strike) return produce();
  const { effect } = strike;
  switch (effect.kind) {
    case 'refuse':
      if (effect.billed) await produce();
      throw scriptedRefusal(effect);
    case 'reset':
      if (effect.billed) await produce();
      return resetAnswer();
    case 'cut':
      return cutAnswer(await produce(), effect.after);
    case 'hang':
      await Promise.race([strike.released, aborted(signal)]);
      signal.removeEventListener('abort', onAbort);
      return resetAnswer();
    case 'hold': {
      const response = await produce();
      if (effect.at === 'body') return heldBodyAnswer(response, strike.released, effect.after);
      await strike.released;
      return response;
    }
    case 'slow':
      return slowAnswer(await produce(), effect, clock, stopped.signal);
    case 'truncate':
      return truncatedAnswer(await produce());
    case 'html':
      return htmlAnswer();
    case 'redirect':
      return redirectAnswer(effect.location);
    case 'rewrap': {
      const gzip = effect.encoding === 'gzip' ? compression.gzip : undefined;
      return rewrappedAnswer(await produce(), effect.status, gzip);
    }
    case 'gateway':
      if (effect.billed) await produce();
      return gatewayAnswer(c, simulation, effect.reason);
    case 'answer':
    case 'reshape':
    case 'fail':
    case 'unknown_task':
      return produce(effect);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function scriptedRefusal(effect: Extract<FaultEffect, { kind: 'refuse' }>): Refusal {
  const { status, code, message, retryAfter } = effect;
  const usual = code
    ? refusalFor(code, message)
    : status
      ? refusalWithStatus(status, message)
      : refusalFor('InternalError', message);
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  return new Refusal(status ?? usual.status, usual.code, usual.message, headers);
}
