import type { GenerationCall, ImageUpstream, UpstreamAnswer } from '../../../src/ports/image-upstream.ts';
import { TransportError } from '../../../src/ports/transport.ts';
import { Bill, type Draw } from './bill.ts';
import { type Job, Jobs } from './jobs.ts';
import { type KnownRecipe, RECIPES } from './recipes.ts';
import type { Life, Steps } from './steps.ts';
import type { Time } from './time.ts';

/** What becomes of one generation or submission. */
export type SendFate =
  | 'draw'
  | 'throttled'
  | 'failed'
  | 'overloaded'
  | 'refused'
  | 'no-image'
  | 'unsent'
  | 'lost'
  | 'lost-undrawn'
  | 'gateway-timeout'
  | 'timeout-code'
  | 'cut-502'
  | 'cut-503'
  | 'silent'
  | 'odd'
  | 'fewer'
  | 'gone';

/** What becomes of one poll or cancel. */
export type PollFate = 'truth' | 'unknown' | 'throttled' | 'failed' | 'forbidden' | 'lost';

/** The vendor: draws, charges, and answers as its script has it. */
export class Vendor {
  readonly bill = new Bill();
  readonly jobs: Jobs;
  /** Fates of the next calls, in order; afterwards all is well. */
  readonly sendFates: SendFate[] = [];
  readonly pollFates: PollFate[] = [];
  /** Images of these draws are gone for good. */
  readonly gone = new Set<number>();
  readonly #steps: Steps;

  constructor(steps: Steps, time: Time) {
    this.#steps = steps;
    this.jobs = new Jobs(time, this.bill);
  }

  portOf(life: Life): ImageUpstream {
    const take = <T>(label: string, work: () => T) => this.#steps.take(life, `upstream.${label}`, work);
    return {
      generate: (call, signal) => this.#generate(take, call, signal),
      poll: async (id, _key, signal) => {
        const answer = await beforeAbort(
          take('poll', () => this.#poll(id, !signal.aborted)),
          signal,
        );
        return answer;
      },
      cancel: (id, _key, signal) =>
        beforeAbort(
          take('cancel', () => this.#cancel(id)),
          signal,
        ),
      list: async () => json(200, { data: [], total: 0 }),
      prove: async () => json(200, { data: [], total: 0 }),
    };
  }

  async #generate(
    take: <T>(label: string, work: () => T) => Promise<T>,
    call: GenerationCall,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    let draw: Draw | undefined;
    let job: Job | undefined;
    const sent = async () => {
      const fate = await take('send', () => {
        // Whoever has hung up by now has sent nothing.
        if (signal.aborted) return undefined;
        const fate = this.sendFates.shift() ?? 'draw';
        const { recipe, account } = readCall(call);
        const pays = !PAYS_NOTHING.has(fate);
        if (pays && recipe.isAsync)
          job = this.jobs.submit(
            recipe,
            account,
            fate === 'odd' || fate === 'fewer' || fate === 'gone' ? fate : 'draw',
          );
        else if (pays) draw = this.#draw(recipe, account, fate);
        this.#steps.note(
          `   ${fate} ${recipe.name}${draw ? ` draw ${draw.number}` : ''}${job ? ` ${job.id}` : ''}`,
        );
        return fate;
      });
      if (fate === undefined) return await new Promise<never>(() => undefined);
      if (fate === 'silent') return await new Promise<never>(() => undefined);
      return await take('answer', () => {
        const answer = this.#answer(fate, readCall(call).recipe, draw, job);
        if (draw !== undefined) draw.isDelivered = true;
        if (job !== undefined) job.isDelivered = true;
        return answer;
      });
    };
    try {
      return await beforeAbort(sent(), signal);
    } catch (error) {
      // What was drawn, and not answered, nobody can know of.
      if (draw !== undefined) Bill.lose(draw);
      if (job !== undefined) this.jobs.lose(job);
      throw error;
    }
  }

  #draw(recipe: KnownRecipe, account: string, fate: SendFate): Draw {
    const draw = this.bill.charge(recipe, account, fate === 'fewer' ? recipe.count - 1 : recipe.count);
    if (fate === 'fewer' || fate === 'odd' || fate === 'gone') draw.isExcused = true;
    if (fate === 'odd') Bill.odd(draw);
    if (fate === 'gone') this.gone.add(draw.number);
    return draw;
  }

  #answer(fate: SendFate, recipe: KnownRecipe, draw: Draw | undefined, job: Job | undefined): UpstreamAnswer {
    const refusal = REFUSALS[fate];
    if (refusal !== undefined) {
      if (draw !== undefined) Bill.lose(draw);
      if (job !== undefined) this.jobs.lose(job);
      return refusal();
    }
    if (fate === 'no-image')
      return json(200, { output: { choices: [choice([])] }, usage: { image_count: 0 } });
    if (job !== undefined)
      return json(200, { output: { task_status: 'PENDING', task_id: job.id }, request_id: 'u' });
    if (draw === undefined) throw new Error(`a call of ${recipe.name} came to nothing`);
    return json(200, answerOf(draw, fate === 'odd'));
  }

  /** `isHeard`: whoever asks is still there. */
  #poll(id: string, isHeard: boolean): UpstreamAnswer {
    const fate = this.pollFates.shift() ?? 'truth';
    this.#steps.note(`   ${fate} ${id}`);
    if (fate === 'lost') throw new TransportError('the connection broke', true);
    if (fate === 'throttled') return refusal(429, 'Throttling.RateQuota');
    if (fate === 'failed') return refusal(500, 'InternalError');
    if (fate === 'forbidden') return refusal(403, 'AccessDenied');
    const job = fate === 'unknown' ? undefined : this.jobs.find(id);
    if (job === undefined)
      return json(200, { output: { task_id: id, task_status: 'UNKNOWN' }, request_id: 'u' });
    const output = { task_id: id, task_status: job.state };
    if (job.draw === undefined) return json(200, { output, request_id: 'u' });
    if (isHeard) job.draw.isDelivered = true;
    const { gone } = this;
    if (job.fate === 'gone') gone.add(job.draw.number);
    const { draw } = job;
    const results = urlsOf(draw).map((url) => ({ url }));
    const told = job.fate === 'odd' ? NOT_UNDERSTOOD : { results };
    return json(200, {
      output: { ...output, ...told },
      usage: { image_count: draw.images },
      request_id: 'u',
    });
  }

  #cancel(id: string): UpstreamAnswer {
    const fate = this.pollFates.shift() ?? 'truth';
    if (fate === 'throttled') return refusal(429, 'Throttling.RateQuota');
    const isCanceled = this.jobs.cancel(id);
    this.#steps.note(`   cancel ${id}: ${isCanceled}`);
    if (fate === 'lost') throw new TransportError('the connection broke', true);
    return isCanceled ? json(200, { request_id: 'u' }) : refusal(400, 'UnsupportedOperation');
  }
}

const PAYS_NOTHING: ReadonlySet<SendFate> = new Set([
  'throttled',
  'failed',
  'overloaded',
  'refused',
  'no-image',
  'unsent',
  'lost-undrawn',
]);

/** Answers that bring no image, by fate; some of them after it was paid for. */
const REFUSALS: Partial<Record<SendFate, () => UpstreamAnswer>> = {
  throttled: () => refusal(429, 'Throttling.RateQuota'),
  failed: () => refusal(500, 'InternalError'),
  overloaded: () => refusal(503, 'ModelServingError'),
  refused: () => refusal(400, 'DataInspectionFailed'),
  unsent: () => {
    throw new TransportError('nobody answers there', false);
  },
  lost: () => {
    throw new TransportError('the connection broke', true);
  },
  'lost-undrawn': () => {
    throw new TransportError('the connection broke', true);
  },
  'gateway-timeout': () => refusal(504, 'InternalError.Timeout'),
  'timeout-code': () => refusal(500, 'InternalError.Timeout'),
  'cut-502': () => refusal(502, 'InternalError', 'Connection prematurely closed BEFORE response'),
  'cut-503': () =>
    refusal(
      503,
      'InternalError',
      'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
    ),
};

/** Where an image of a draw is to be had. */
export function urlsOf({ number, images }: Draw): string[] {
  return Array.from({ length: images }, (_, index) => `https://results.example/${number}/${index}.png`);
}

/** No place of an image, and no word that there is none. */
const NOT_UNDERSTOOD = { canvas: { layers: [7] } };

function answerOf(draw: Draw, isOdd: boolean): object {
  const images = urlsOf(draw).map((image) => ({ image }));
  return {
    output: isOdd ? NOT_UNDERSTOOD : { choices: [choice(images)] },
    usage: { image_count: draw.images },
    request_id: 'u',
  };
}

function choice(content: readonly object[]): object {
  return { finish_reason: 'stop', message: { role: 'assistant', content } };
}

function refusal(status: number, code: string, message = 'scripted'): UpstreamAnswer {
  return json(status, { code, message, request_id: 'u' });
}

function json(status: number, body: object): UpstreamAnswer {
  const headers = [['content-type', 'application/json']] as const;
  return { status, headers, body: new TextEncoder().encode(JSON.stringify(body)), simulated: false };
}

/** What a call asks for: the harness writes its bodies itself. */
function readCall({ body, apiKey }: GenerationCall): { recipe: KnownRecipe; account: string } {
  const text = new TextDecoder().decode(body);
  const recipe = RECIPES.find(({ canonical }) => canonical === text);
  if (recipe === undefined) throw new Error(`upstream was asked for something else: ${text}`);
  return { recipe, account: apiKey };
}

function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      work.catch(() => undefined);
      reject(signal.reason);
      return;
    }
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
