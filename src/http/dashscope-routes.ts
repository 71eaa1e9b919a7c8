import { type Context, Hono } from 'hono';
import { type AnswerTemplate, parseTemplate, splitAnswer } from '../core/answer.ts';
import { extensionOf } from '../core/blob.ts';
import { type CacheStatus, formatCacheStatus, formatXCache } from '../core/cache-status.ts';
import { forStream, readDirectives } from '../core/directives.ts';
import type { Entry } from '../core/entry.ts';
import { AppError } from '../core/errors.ts';
import type { HeaderList } from '../core/headers.ts';
import { decodeUtf8 } from '../core/json-text.ts';
import type { Principal } from '../core/principal.ts';
import type { ImageOutcome, ImageRequest } from '../services/image-service.ts';
import type { KnownHit } from '../services/known-hits.ts';
import type { PreparedRequest } from '../services/prepared-requests.ts';
import { generateStreamed } from '../services/streaming.ts';
import { bearerOf } from './bearer.ts';
import type { HttpOptions, HttpServices } from './dependencies.ts';
import { passThrough, plainHeaders } from './passthrough.ts';
import { passForeign } from './passthrough-routes.ts';
import { type BodyLimits, requireJson, withBody } from './read-body.ts';
import { asksForStream, liveAnswer, replayedAnswer } from './stream-answer.ts';

export const MULTIMODAL_PATH = '/api/v1/services/aigc/multimodal-generation/generation';

/** The client's headers that mean something to the vendor. Async and encryption never come this far. */
const FORWARDED = /^(content-type|user-agent|cdn-loop|x-dashscope-.*)$/;

/** The name of this front door in events. */
const DOOR = 'dashscope';

type Cacheable = Extract<PreparedRequest, { kind: 'cacheable' }>;

/** DashScope's own dialect: the synchronous, message-shaped endpoint. */
export function dashScopeRoutes(services: HttpServices, options: HttpOptions): Hono {
  const door = new DashScopeDoor(services, options);
  const routes = new Hono();
  for (const path of [MULTIMODAL_PATH, `${MULTIMODAL_PATH}/`]) {
    routes.post(path, (c) => door.generate(c));
    routes.all(path, (c) => {
      throw new AppError('method_not_allowed', `This path takes POST, not ${c.req.method}.`, {
        allow: 'POST',
      });
    });
  }
  return routes;
}

class DashScopeDoor {
  readonly #services: HttpServices;
  readonly #options: HttpOptions;
  readonly #bodyLimits: BodyLimits;

  constructor(services: HttpServices, options: HttpOptions) {
    this.#services = services;
    this.#options = options;
    this.#bodyLimits = { maxBytes: options.maxBody, budget: services.bodies };
  }

  async generate(c: Context): Promise<Response> {
    // First of all, as at the vendor: 401 before 400.
    const principal = await this.#services.credentials.identify(bearerOf(c));
    // An encrypted body says nothing that could be keyed.
    if (c.req.header('x-dashscope-encryptionkey') !== undefined) {
      return await passForeign(c, this.#services, this.#options, principal);
    }
    requireJson(c);
    return await withBody(c, this.#bodyLimits, (bytes) => this.#generate(c, principal, bytes));
  }

  async #generate(c: Context, principal: Principal, bytes: Uint8Array): Promise<Response> {
    const request = await this.#services.prepared.prepare(decodeUtf8(bytes), {
      dataInspection: c.req.header('x-dashscope-datainspection'),
      ownOrigins: () => this.#ownOrigins(c),
    });
    if (request.kind === 'foreign')
      return await passForeign(c, this.#services, this.#options, principal, bytes);
    const uncached = uncachedTransport(c) ?? (request.kind === 'uncacheable' ? request.detail : undefined);
    if (request.kind === 'uncacheable' || uncached !== undefined) {
      return await this.#relayUncached(c, principal, bytes, request, uncached);
    }
    return await this.#answer(c, principal, request);
  }

  async #relayUncached(
    c: Context,
    principal: Principal,
    body: Uint8Array,
    request: Exclude<PreparedRequest, { kind: 'foreign' }>,
    detail: string | undefined,
  ): Promise<Response> {
    const status: CacheStatus = { kind: 'forwarded', fwd: 'bypass', stored: false, collapsed: false, detail };
    const extra = { 'cache-status': formatCacheStatus(status), 'x-cache': formatXCache(status) };
    const response = await passThrough(c, this.#services, principal, { body, extra });
    const model = request.kind === 'cacheable' ? request.recipe.model : request.model;
    this.#services.reporter.report({ type: 'request', door: DOOR, result: 'bypass', model, detail });
    return response;
  }

  async #answer(c: Context, principal: Principal, prepared: Cacheable): Promise<Response> {
    const { credentials, images, platform } = this.#services;
    const streams = asksForStream(c);
    const directives = readDirectives(c.req.header('cache-control'), c.req.header('x-dashcache-take'));
    const request: ImageRequest = {
      recipe: prepared.recipe,
      key: prepared.key,
      references: prepared.references,
      site: this.#options.site,
      scope: principal.scope,
      account: principal.account,
      directives: streams ? forStream(directives) : directives,
      call: async () => ({
        path: MULTIMODAL_PATH,
        headers: [...c.req.raw.headers].filter(([name]) => FORWARDED.test(name)),
        body: new TextEncoder().encode(await prepared.outgoing()),
        apiKey: principal.apiKey,
      }),
    };
    // A stranger's key must not read what others paid for; its own purchase is its own proof.
    if (
      principal.needsProof &&
      (principal.scope === 'shared' || (await images.peek(request)) !== undefined)
    ) {
      const verdict = await credentials.prove(principal, platform.clientAddress(c));
      if (!verdict.accepted) return relayed(verdict.answer, {});
    }
    if (streams) return await this.#stream(c, request, prepared, principal);
    const outcome = await images.generate(request);
    if (isOwnPurchase(outcome)) await credentials.accepted(principal);
    return this.#encode(c, outcome, prepared, principal);
  }

  async #stream(
    c: Context,
    request: ImageRequest,
    prepared: Cacheable,
    principal: Principal,
  ): Promise<Response> {
    const { credentials, images, reporter } = this.#services;
    const streamed = await generateStreamed(images, request);
    if (streamed.kind === 'settled') {
      if (isOwnPurchase(streamed.outcome)) await credentials.accepted(principal);
      return this.#encode(c, streamed.outcome, prepared, principal, true);
    }
    // The client has its answer by then: what happens at its end is for the store and the log.
    streamed.outcome
      .then(async (outcome) => {
        if (isOwnPurchase(outcome)) await credentials.accepted(principal);
      })
      .catch((cause) => reporter.report({ type: 'failure', where: c.req.path, cause }));
    return liveAnswer(c, this.#services, streamed, this.#cacheHeaders(streamed.status, prepared));
  }

  /** The headers that say how a request was answered; reports it, too. */
  #cacheHeaders(status: CacheStatus, { recipe, key }: Cacheable): Record<string, string> {
    const result = formatXCache(status);
    const { detail } = status;
    this.#services.reporter.report({
      type: 'request',
      door: DOOR,
      result: RESULTS[result],
      model: recipe.model,
      detail,
    });
    // The key tells what is in the store: only for those who may look into it.
    const cacheStatus = formatCacheStatus(status, this.#options.local ? key : undefined);
    return { 'cache-status': cacheStatus, 'x-cache': result };
  }

  #encode(
    c: Context,
    outcome: ImageOutcome,
    prepared: Cacheable,
    principal: Principal,
    streams = false,
  ): Response {
    const { newRequestId } = this.#services;
    const { status } = outcome;
    const cacheHeaders = this.#cacheHeaders(status, prepared);
    if (outcome.kind === 'relay') {
      const { answer } = outcome;
      const replay =
        streams && answer.status === 200 ? replayedAnswer(textOf(answer), cacheHeaders) : undefined;
      return replay ?? relayed(answer, cacheHeaders);
    }
    const { entry } = outcome;
    const base = this.#blobBase(c);
    const parts = splitAnswer(templateOf(entry), (index) => imageUrl(entry, index, base));
    const headers: Record<string, string> = { 'content-type': 'application/json', ...cacheHeaders };
    if (entry.upstreamRequestId !== undefined) {
      headers['x-dashcache-upstream-request-id'] = entry.upstreamRequestId;
    }
    if (!streams && outcome.repeatable && prepared.selfContained && !principal.needsProof) {
      this.#remember(c, { entry, door: DOOR, headers, parts });
    }
    const requestId = newRequestId();
    const age = status.kind === 'hit' ? { age: String(status.ageSeconds) } : {};
    const text = parts.join(requestId);
    const all = { ...headers, 'x-request-id': requestId, ...age };
    return (streams ? replayedAnswer(text, all) : undefined) ?? new Response(text, { headers: all });
  }

  #remember(c: Context, hit: KnownHit): void {
    const request = this.#services.platform.textOfRequest(c);
    if (request !== undefined) this.#services.knownHits.remember(request, hit);
  }

  #blobBase(c: Context): string {
    return this.#options.publicUrl ?? requestOrigin(c);
  }

  /** In local mode a URL handed out under one of this machine's names may come back beside another. */
  #ownOrigins(c: Context): string[] {
    const base = this.#blobBase(c);
    if (!this.#options.local) return [base];
    const port = /:\d+$/.exec(c.req.header('host') ?? '')?.[0] ?? '';
    return [base, ...['localhost', '127.0.0.1', '[::1]'].map((name) => `http://${name}${port}`)];
  }
}

function requestOrigin(c: Context): string {
  return `http://${c.req.header('host')}`;
}

/** Tasks have answers of their own shape. */
function uncachedTransport(c: Context): string | undefined {
  if (c.req.header('x-dashscope-async')?.toLowerCase() === 'enable') return 'async';
  return undefined;
}

/** A hit or another's flight says nothing of the key that asked: it would be proved for ever without the vendor. */
function isOwnPurchase(outcome: ImageOutcome): boolean {
  const { status } = outcome;
  if (status.kind === 'hit' || status.collapsed) return false;
  return outcome.kind === 'entry' || outcome.answer.status < 300;
}

function textOf({ body }: { readonly body: Uint8Array }): string {
  return new TextDecoder().decode(body);
}

const RESULTS = { HIT: 'hit', MISS: 'miss', COALESCED: 'coalesced', BYPASS: 'bypass' } as const;

function relayed(
  answer: { readonly status: number; readonly headers: HeaderList; readonly body: Uint8Array<ArrayBuffer> },
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
