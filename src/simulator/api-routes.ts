import type { Hono } from 'hono';
import { compatibleRefusalAnswer } from './answers.ts';
import { readUpTo } from './bytes.ts';
import { chat, compatibleChat, embeddings } from './chat.ts';
import type { SimulatorContext, SimulatorEnv } from './exchange.ts';
import type { Target } from './fault.ts';
import { generate } from './generation.ts';
import { isRecord, type JsonRecord, parseJson } from './json.ts';
import { isChatModel, isPromptShapedModel } from './models.ts';
import { invalidParameter, refusalFor } from './refusal.ts';
import { type AnswerFault, type Call, serve } from './serve.ts';
import type { Simulation } from './simulation.ts';

/** What a JSON call does once its key is accepted and its body parsed. */
type Work = (
  body: JsonRecord,
  account: string,
  fault: AnswerFault | undefined,
) => Response | Promise<Response>;

interface JsonCall {
  readonly targetOf: (model: string) => Target;
  readonly work: Work;
  readonly refuse?: Call['refuse'];
}

/** The calls that carry a body. */
export function mountApiRoutes(app: Hono<SimulatorEnv>, simulation: Simulation): void {
  app.post('/api/v1/services/aigc/multimodal-generation/generation', (c) =>
    serveJson(c, simulation, {
      targetOf: (model) => (isChatModel(model) ? 'other' : 'generation'),
      work: (body, account, fault) =>
        isChatModel(modelOf(body)) ? chat(c, simulation) : generate(c, simulation, body, account, fault),
    }),
  );
  app.post('/api/v1/services/aigc/:shape{text2image|image2image}/image-synthesis', (c) =>
    serveJson(c, simulation, {
      targetOf: () => 'generation',
      work: (body) => refusePromptShaped(c, body),
    }),
  );
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
      return serve(c, simulation, {
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
  return serve(c, simulation, {
    target: targetOf(model),
    model,
    body: body ?? '',
    async produce(account, fault) {
      if (body === undefined) throw refusalFor('BadRequest.TooLarge');
      if (!isRecord(parsed)) throw refusalFor('InvalidParameter');
      return work(parsed, account, fault);
    },
    ...(refuse ? { refuse } : {}),
  });
}

function modelOf(body: unknown): string {
  return isRecord(body) && typeof body.model === 'string' ? body.model : '';
}

/** Prompt-shaped calls exist only as tasks: which refusal is due depends on model and header. */
function refusePromptShaped(c: SimulatorContext, body: JsonRecord): never {
  if (!isPromptShapedModel(modelOf(body))) throw invalidParameter('url error, please check url!');
  const asked = c.req.header('x-dashscope-async') === 'enable' ? 'asynchronous' : 'synchronous';
  throw refusalFor('AccessDenied', `current user api does not support ${asked} calls`);
}
