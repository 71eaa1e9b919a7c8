import { type Context, Hono } from 'hono';
import { type AnswerTemplate, parseTemplate, renderAnswer } from '../core/answer.ts';
import { extensionOf } from '../core/blob.ts';
import { type CacheStatus, formatCacheStatus, formatXCache } from '../core/cache-status.ts';
import { readDirectives } from '../core/directives.ts';
import type { Entry } from '../core/entry.ts';
import { AppError } from '../core/errors.ts';
import type { HeaderList } from '../core/headers.ts';
import { decodeUtf8 } from '../core/json-text.ts';
import type { Principal } from '../core/principal.ts';
import type { ImageOutcome } from '../services/image-service.ts';
import type { PreparedRequest } from '../services/prepared-requests.ts';
import type { AppDependencies } from './app.ts';
import { passThrough, plainHeaders } from './passthrough.ts';
import { readBody, requireJson } from './read-body.ts';

export const MULTIMODAL_PATH = '/api/v1/services/aigc/multimodal-generation/generation';

/** The client's headers that mean something to the vendor. Async, SSE and encryption never come this far. */
const FORWARDED = /^(content-type|user-agent|cdn-loop|x-dashscope-.*)$/;

type Cacheable = Extract<PreparedRequest, { kind: 'cacheable' }>;

/** DashScope's own dialect: the synchronous, message-shaped endpoint. */
export function dashScopeRoutes(app: AppDependencies): Hono {
  const routes = new Hono();
  routes.on(['POST'], [MULTIMODAL_PATH, `${MULTIMODAL_PATH}/`], (c) => generate(c, app));
  routes.all(MULTIMODAL_PATH, (c) => {
    throw new AppError('method_not_allowed', `This path takes POST, not ${c.req.method}.`);
  });
  return routes;
}

async function generate(c: Context, app: AppDependencies): Promise<Response> {
  // First of all, as at the vendor: 401 before 400.
  const principal = await app.credentials.identify(app.bearerOf(c));
  // An encrypted body says nothing that could be keyed.
  if (c.req.header('x-dashscope-encryptionkey') !== undefined) return await app.passThroughForeign(c, principal);
  requireJson(c);
  const bytes = await readBody(c, app.maxBody);
  const prepared = await app.prepared.prepare(decodeUtf8(bytes), {
    dataInspection: c.req.header('x-dashscope-datainspection'),
    ownOrigins: app.ownOrigins(c),
  });
  if (prepared.kind === 'foreign') return await app.passThroughForeign(c, principal, bytes);
  const transportDetail = uncachedTransport(c);
  if (prepared.kind === 'uncacheable' || transportDetail !== undefined) {
    const detail = prepared.kind === 'uncacheable' ? prepared.detail : transportDetail;
    return await relayUncached(c, app, principal, bytes, detail);
  }
  return await answer(c, app, principal, prepared);
}

/** Tasks and streams have answers of their own shape. */
function uncachedTransport(c: Context): string | undefined {
  if (c.req.header('x-dashscope-async')?.toLowerCase() === 'enable') return 'async';
  if (c.req.header('x-dashscope-sse')?.toLowerCase() === 'enable') return 'stream';
  return undefined;
}

async function relayUncached(
  c: Context,
  app: AppDependencies,
  principal: Principal,
  body: Uint8Array,
  detail: string | undefined,
): Promise<Response> {
  const status: CacheStatus = { kind: 'forwarded', fwd: 'bypass', stored: false, collapsed: false, detail };
  const extra = { 'cache-status': formatCacheStatus(status), 'x-cache': formatXCache(status) };
  const response = await passThrough(c, app, principal, { body, extra });
  if (response.status < 300) await app.credentials.accepted(principal);
  return response;
}

async function answer(c: Context, app: AppDependencies, principal: Principal, prepared: Cacheable): Promise<Response> {
  const requestId = app.clock.uuid();
  const request = {
    recipe: prepared.recipe,
    key: prepared.key,
    references: prepared.references,
    site: app.site,
    scope: principal.scope,
    account: principal.account,
    directives: readDirectives(c.req.header('cache-control'), c.req.header('x-dashcache-take')),
    call: async () => ({
      path: MULTIMODAL_PATH,
      headers: forwardedHeaders(c),
      body: new TextEncoder().encode(await prepared.outgoing()),
      apiKey: principal.apiKey,
    }),
  };
  // A stranger's key must not read what others paid for; its own purchase is its own proof.
  if (principal.needsProof && (principal.scope === 'shared' || (await app.images.peek(request)) !== undefined)) {
    const verdict = await app.credentials.prove(principal, app.platform.clientAddress(c));
    if (!verdict.accepted) return relayed(verdict.answer, {});
  }
  const outcome = await app.images.generate(request);
  if (outcome.kind === 'entry' || outcome.answer.status < 300) await app.credentials.accepted(principal);
  app.report(outcome, prepared.recipe.model, requestId);
  return encode(c, app, outcome, prepared.key, requestId);
}

function encode(c: Context, app: AppDependencies, outcome: ImageOutcome, key: string, requestId: string): Response {
  const { status } = outcome;
  const cacheHeaders: Record<string, string> = {
    'cache-status': formatCacheStatus(status, app.mayInspect(c) ? key : undefined),
    'x-cache': formatXCache(status),
  };
  if (outcome.kind === 'relay') return relayed(outcome.answer, cacheHeaders);
  const { entry } = outcome;
  const base = app.blobBase(c);
  const body = renderAnswer(templateOf(entry), (index) => imageUrl(entry, index, base), requestId);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-request-id': requestId,
    ...cacheHeaders,
  };
  if (status.kind === 'hit') headers.age = String(status.ageSeconds);
  if (entry.upstreamRequestId !== undefined) headers['x-dashcache-upstream-request-id'] = entry.upstreamRequestId;
  return new Response(body, { status: 200, headers });
}

function relayed(
  answer: { readonly status: number; readonly headers: HeaderList; readonly body: Uint8Array },
  extra: Readonly<Record<string, string>>,
): Response {
  return new Response(answer.body, { status: answer.status, headers: plainHeaders(answer.headers, extra) });
}

function imageUrl(entry: Entry, index: number, base: string): string {
  const image = entry.images[index];
  if (image === undefined) throw new AppError('internal', `Entry ${entry.id} has no image ${index}.`);
  return `${base}/blobs/${image.digest}.${extensionOf(image.mediaType)}`;
}

/** Templates, parsed once for as long as their entry stays in memory. */
const templates = new WeakMap<Entry, AnswerTemplate>();

function templateOf(entry: Entry): AnswerTemplate {
  const known = templates.get(entry);
  if (known !== undefined) return known;
  const template = parseTemplate(entry.answer);
  templates.set(entry, template);
  return template;
}

function forwardedHeaders(c: Context): HeaderList {
  return [...c.req.raw.headers].filter(([name]) => FORWARDED.test(name.toLowerCase()));
}
