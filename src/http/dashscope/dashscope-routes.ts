import { type Context, Hono } from 'hono';
import { type CacheStatus, formatCacheStatus, formatXCache } from '../../core/cache/cache-status.ts';
import { readDirectives } from '../../core/cache/directives.ts';
import {
  answerFamilyOf,
  GENERATION_ENDPOINTS,
  type GenerationEndpoint,
} from '../../core/dashscope/endpoints.ts';
import { AppError } from '../../core/errors.ts';
import { decodeUtf8 } from '../../core/json/json-text.ts';
import type { Principal } from '../../core/principal.ts';
import type { RememberedHit } from '../../services/entries/request-memo.ts';
import type { ImageOutcome, ImageRequest } from '../../services/image-request.ts';
import { generateStreamed } from '../../services/purchases/generate-streamed.ts';
import type { Hold } from '../../services/requests/reference-resolver.ts';
import type { PreparedRequest } from '../../services/requests/request-preparer.ts';
import type { Submission } from '../../services/tasks/task-service.ts';
import { UpstreamRefusal } from '../../services/upstream-refusal.ts';
import type { DashScopeServices, HttpOptions } from '../dependencies.ts';
import { blobBaseUrl, ownOrigins } from '../doors/blob-urls.ts';
import { cacheHeaders } from '../doors/cache-headers.ts';
import { identify } from '../doors/identify.ts';
import { asksForStream, type Cacheable, hasUnknownHeader, imageRequest } from '../doors/image-request.ts';
import { fetchesFor, proveKey } from '../doors/key-proof.ts';
import { recordKeyProof } from '../doors/record-key-proof.ts';
import { imageAnswer } from '../doors/upstream-answer.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { type BodyLimits, type HoldUntil, requireJson, withBody } from '../wire/read-body.ts';
import { relayAnswer } from '../wire/relay-answer.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { type AnswerForm, answerParts, reworded } from './entry-answer.ts';
import { passThrough } from './passthrough.ts';
import { passForeign } from './passthrough-routes.ts';
import { liveAnswer, replayedAnswer } from './stream-answer.ts';

const REQUEST_ID = /^[\x21-\x7e]{1,200}$/;

/** DashScope's own dialect: every endpoint that draws pictures, answering at once or with a task. */
export function dashScopeRoutes(services: DashScopeServices, options: HttpOptions): Hono {
  const door = new DashScopeDoor(services, options);
  const routes = new Hono();
  for (const asked of GENERATION_ENDPOINTS) {
    for (const path of [asked.path, `${asked.path}/`]) {
      routes.post(path, (c) => door.generate(c, asked));
      routes.all(path, methodNotAllowed('POST'));
    }
  }
  return routes;
}

interface HeldBody {
  readonly bytes: Uint8Array;
  readonly hold: Hold;
  readonly holdUntil: HoldUntil;
}

/** A request that may be answered from the store, and whose it is. */
interface Cached {
  readonly principal: Principal;
  readonly prepared: Cacheable;
  readonly holdUntil: HoldUntil;
}

/** Whoever waits for a picture, and how it is to be told. */
interface Waiting extends Cached {
  readonly form: AnswerForm;
  readonly streams: boolean;
}

class DashScopeDoor {
  readonly #services: DashScopeServices;
  readonly #options: HttpOptions;
  readonly #bodyLimits: BodyLimits;

  constructor(services: DashScopeServices, options: HttpOptions) {
    this.#services = services;
    this.#options = options;
    this.#bodyLimits = { maxBytes: options.maxBody, budget: services.bodies, clock: services.clock };
  }

  async generate(c: Context, asked: GenerationEndpoint): Promise<Response> {
    // First of all, as at the vendor: 401 before 400.
    const principal = await identify(c, this.#services);
    // An encrypted body says nothing that could be keyed.
    if (c.req.header('x-dashscope-encryptionkey') !== undefined) {
      return await passForeign(c, this.#services, this.#options, principal);
    }
    requireJson(c);
    try {
      return await withBody(c, this.#bodyLimits, (bytes, hold, holdUntil) =>
        this.#generate(c, asked, principal, { bytes, hold, holdUntil }),
      );
    } catch (error) {
      // The vendor's word on what the request needs stands for its word on the request.
      if (!(error instanceof UpstreamRefusal)) throw error;
      if (error.answer.status === 401) await this.#services.credentials.refused(principal);
      return relayAnswer(c, error.answer);
    }
  }

  async #generate(
    c: Context,
    asked: GenerationEndpoint,
    principal: Principal,
    { bytes, hold, holdUntil }: HeldBody,
  ): Promise<Response> {
    const request = await this.#services.prepared.prepare(decodeUtf8(bytes), {
      dataInspection: c.req.header('x-dashscope-datainspection'),
      ownOrigins: () => ownOrigins(c, this.#options),
      hold,
      mayFetch: fetchesFor(c, this.#services, principal),
      caller: {
        ...principal,
        resolvesNames: c.req.header('x-dashscope-ossresourceresolve')?.toLowerCase() === 'enable',
      },
    });
    if (request.kind === 'foreign')
      return await passForeign(c, this.#services, this.#options, principal, { body: bytes });
    const uncached = hasUnknownHeader(c)
      ? 'header'
      : request.kind === 'uncacheable'
        ? request.detail
        : undefined;
    if (request.kind === 'uncacheable' || uncached !== undefined) {
      return await this.#relayUncached(c, principal, bytes, request, uncached);
    }
    return await this.#answer(c, asked, { principal, prepared: request, holdUntil });
  }

  async #relayUncached(
    c: Context,
    principal: Principal,
    body: Uint8Array,
    request: Exclude<PreparedRequest, { kind: 'foreign' }>,
    detail: string | undefined,
  ): Promise<Response> {
    const { onlyIfCached } = readDirectives(c.req.header('cache-control'), undefined);
    if (onlyIfCached) throw new AppError('not_cached', `This request is not cached (${detail}).`);
    const status: CacheStatus = { kind: 'forwarded', fwd: 'bypass', stored: false, collapsed: false, detail };
    const extra = { 'cache-status': formatCacheStatus(status), 'x-cache': formatXCache(status) };
    const text = await request.uncachedText?.();
    const sent = text === undefined ? body : new TextEncoder().encode(text);
    const record = requestRecordOf(c);
    record.result = 'bypass';
    record.model = request.kind === 'cacheable' ? request.recipe.model : request.model;
    record.detail = detail;
    const { site } = this.#options;
    const bypass = { ...principal, site, model: record.model };
    return await passThrough(c, this.#services, principal, {
      body: sent,
      extra,
      paid: (send) => this.#services.bypassed.pass(bypass, send),
    });
  }

  async #answer(
    c: Context,
    asked: GenerationEndpoint,
    { principal, prepared, holdUntil }: Cached,
  ): Promise<Response> {
    const { images, tasks } = this.#services;
    const request = imageRequest(c, this.#options, { asked, principal, prepared });
    requestRecordOf(c).model = prepared.recipe.model;
    const refusal = await proveKey(c, this.#services, principal, request);
    if (refusal !== undefined) return relayAnswer(c, refusal);
    const family = answerFamilyOf(asked, prepared.shapes);
    if (asksForTask(c)) {
      const submission = await tasks.submit(request, family);
      if (submission.kind === 'relay') await recordKeyProof(this.#services, principal, submission);
      else holdUntil(submission.ended);
      return this.#encodeTask(c, submission, prepared);
    }
    const streams = asksForStream(c);
    const form = { family, asTask: asked.isAsync && family === 'results' };
    const waiting = { principal, prepared, form, streams, holdUntil };
    // What upstream has only as a task comes whole, and is replayed.
    if (streams && !request.isAsyncUpstream) return await this.#stream(c, request, waiting);
    const outcome = await images.generate(request);
    await recordKeyProof(this.#services, principal, outcome);
    return this.#encode(c, outcome, waiting);
  }

  #encodeTask(c: Context, submission: Submission, prepared: Cacheable): Response {
    const { status } = submission;
    const cacheHeaders = this.#cacheHeaders(c, status, prepared);
    if (submission.kind === 'relay') return relayAnswer(c, submission.answer, cacheHeaders);
    const { requestId } = requestRecordOf(c);
    const output = { task_status: 'PENDING', task_id: submission.id };
    const headers = { ...cacheHeaders, 'content-type': 'application/json', 'x-request-id': requestId };
    return new Response(JSON.stringify({ output, request_id: requestId }), { headers });
  }

  #cacheHeaders(c: Context, status: CacheStatus, prepared: Cacheable): Record<string, string> {
    return cacheHeaders(requestRecordOf(c), this.#options, status, prepared);
  }

  async #stream(c: Context, request: ImageRequest, waiting: Waiting): Promise<Response> {
    const { principal, prepared, holdUntil } = waiting;
    const { images, reporter } = this.#services;
    const streamed = await generateStreamed(images, request);
    if (streamed.kind === 'settled') {
      await recordKeyProof(this.#services, principal, streamed.outcome);
      return this.#encode(c, streamed.outcome, waiting);
    }
    holdUntil(streamed.outcome);
    const { requestId } = requestRecordOf(c);
    // The client has its answer by then: what happens at its end is for the store and the log.
    streamed.outcome
      .then((outcome) => recordKeyProof(this.#services, principal, outcome))
      .catch((cause) => reporter.report({ type: 'failure', where: c.req.path, requestId, cause }));
    return liveAnswer(c, this.#services, streamed, this.#cacheHeaders(c, streamed.status, prepared));
  }

  #encode(c: Context, outcome: ImageOutcome, { principal, prepared, form, streams }: Waiting): Response {
    const { status } = outcome;
    const cacheHeaders = this.#cacheHeaders(c, status, prepared);
    const record = requestRecordOf(c);
    if (outcome.kind === 'relay') {
      const { answer } = outcome;
      if (imageAnswer(answer) === undefined) return relayAnswer(c, answer, cacheHeaders);
      const body = reworded(answer.body, prepared.recipe.model, form, record.requestId);
      const replay = streams ? replayedAnswer(new TextDecoder().decode(body), cacheHeaders) : undefined;
      return replay ?? relayAnswer(c, { ...answer, body }, cacheHeaders);
    }
    const { entry } = outcome;
    const parts = answerParts(entry, form, blobBaseUrl(c, this.#options));
    const headers: Record<string, string> = { 'content-type': 'application/json', ...cacheHeaders };
    // It comes out of a body, where any text can stand; one that no header takes would cost the whole answer.
    if (entry.upstreamRequestId !== undefined && REQUEST_ID.test(entry.upstreamRequestId)) {
      headers['x-dashcache-upstream-request-id'] = entry.upstreamRequestId;
    }
    if (!streams && outcome.repeatable && prepared.selfContained && !principal.needsProof) {
      this.#remember(c, { entry, door: record.door, headers, parts });
    }
    const { requestId } = record;
    const text = parts.join(requestId);
    const all = { ...headers, 'x-request-id': requestId };
    return (streams ? replayedAnswer(text, all) : undefined) ?? new Response(text, { headers: all });
  }

  #remember(c: Context, hit: RememberedHit): void {
    const request = this.#services.platform.textOfRequest(c);
    if (request !== undefined) this.#services.requestMemo.remember(request, hit);
  }
}

/** Every endpoint gives a task to who asks for one, and the picture to who waits for it. */
function asksForTask(c: Context): boolean {
  return c.req.header('x-dashscope-async')?.toLowerCase() === 'enable';
}
