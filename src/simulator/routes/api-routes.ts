import type { Hono } from 'hono';
import type { OutcomeFault } from '../faults/fault.ts';
import type { FaultTarget } from '../faults/fault-target.ts';
import type { Simulation } from '../state/simulation.ts';
import { readUpTo } from '../util/bytes.ts';
import { isRecord, type JsonRecord, parseJson } from '../util/json.ts';
import { isChatModel } from '../vendor/models.ts';
import { invalidParameter, type Refusal, refusalFor } from '../vendor/refusal.ts';
import { compatibleRefusalAnswer, refusalAnswer } from './answers.ts';
import { chat, compatibleChat, embeddings } from './chat.ts';
import { generate } from './generation.ts';
import { handleCall } from './handle-call.ts';
import { asksForInterleaved, refusedStream } from './interleave.ts';
import type { SimulatorContext, SimulatorEnv } from './request-context.ts';
import { submit } from './submit.ts';

/** What a JSON call does once its key is accepted and its body parsed. */
type Work = (
  body: JsonRecord,
  account: string,
  fault: OutcomeFault | undefined,
) => Response | Promise<Response>;

interface JsonCall {
  readonly targetOf: (model: string) => FaultTarget;
  readonly work: Work;
  readonly refuse?: (refusal: Refusal, body: unknown) => Response;
}

/** The calls that carry a body. */
export function mountApiRoutes(app: Hono<SimulatorEnv>, simulation: Simulation): void {
  app.post('/api/v1/services/aigc/multimodal-generation/generation', (c) =>
    serveJson(c, simulation, {
      targetOf: (model) => (isChatModel(model) ? 'other' : 'generation'),
      work: (body, account, fault) =>
        isChatModel(modelOf(body)) ? chat(c, simulation) : generate(c, simulation, body, account, fault),
      // What is wrong with a streamed request comes as its first event; what the gateway refuses does not.
      refuse: (refusal, body) =>
        refusal.status === 400 && isRecord(body) && asksForInterleaved(c, body)
          ? refusedStream(c, simulation, refusal)
          : refusalAnswer(c, simulation, refusal),
    }),
  );
  for (const [service, call] of [
    ['image-generation', 'generation'],
    ['text2image', 'image-synthesis'],
    ['image2image', 'image-synthesis'],
  ] as const) {
    app.post(`/api/v1/services/aigc/${service}/${call}`, (c) =>
      serveJson(c, simulation, {
        targetOf: () => 'submit',
        work: (body, account, fault) => submit(c, simulation, service, body, account, fault),
      }),
    );
  }
  app.post('/compatible-mode/v1/chat/completions', (c) =>
    serveJson(c, simulation, {
      targetOf: () => 'other',
      work: (body) => compatibleChat(c, simulation, body),
      refuse: (refusal) => compatibleRefusalAnswer(c, simulation, refusal),
    }),
  );
  app.post('/api/v1/services/embeddings/text-embedding/text-embedding', (c) =>
    serveJson(c, simulation, {
      targetOf: () => 'other',
      work: (body) => embeddings(c, simulation, body),
    }),
  );
}

/** Every other path of the API: recorded, and refused as the vendor refuses a path it does not know. */
export function mountUnknownRoutes(app: Hono<SimulatorEnv>, simulation: Simulation): void {
  for (const path of ['/api/v1/*', '/compatible-mode/*']) {
    app.all(path, async (c) => {
      const body = await readUpTo(c.req.raw.body, simulation.maxBodyBytes);
      return handleCall(c, simulation, {
        target: 'other',
        model: '',
        body: new TextDecoder().decode(body),
        async produce() {
          throw invalidParameter('url error, please check url!');
        },
      });
    });
  }
}

async function serveJson(
  c: SimulatorContext,
  simulation: Simulation,
  { targetOf, work, refuse }: JsonCall,
): Promise<Response> {
  const bytes = await readUpTo(c.req.raw.body, simulation.maxBodyBytes);
  const body = bytes && new TextDecoder().decode(bytes);
  const parsed = parseJson(body ?? '');
  const model = modelOf(parsed);
  return handleCall(c, simulation, {
    target: targetOf(model),
    model,
    body: body ?? '',
    async produce(account, fault) {
      if (body === undefined) throw refusalFor('BadRequest.TooLarge');
      if (!isRecord(parsed)) throw refusalFor('InvalidParameter');
      return work(parsed, account, fault);
    },
    ...(refuse ? { refuse: (refusal) => refuse(refusal, parsed) } : {}),
  });
}

function modelOf(body: unknown): string {
  return isRecord(body) && typeof body.model === 'string' ? body.model : '';
}
