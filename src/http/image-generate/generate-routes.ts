import { type Context, Hono } from 'hono';
import { referenceFieldOf } from '../../core/dialects/error-fields.ts';
import { valuesOfForm } from '../../core/dialects/form-values.ts';
import {
  type NormalizedRequest,
  readNormalized,
  simplify,
  TEXT_FIELDS,
} from '../../core/dialects/normalized-request.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import { decodeUtf8, parseJson } from '../../core/json/json-text.ts';
import { listPrice } from '../../core/models/list-price.ts';
import type { Principal } from '../../core/principal.ts';
import type { ImageOutcome, StartedRequest } from '../../services/image-request.ts';
import type { StageListener } from '../../services/purchases/flight-stage.ts';
import type { Hold } from '../../services/requests/reference-resolver.ts';
import type { GenerateServices, HttpOptions } from '../dependencies.ts';
import { blobBaseUrl } from '../doors/blob-urls.ts';
import { refusedTaskKey } from '../doors/key-proof.ts';
import { NormalizedDoor, type PreparedWish } from '../doors/normalized-door.ts';
import { imageAnswer, refusedBy } from '../doors/upstream-answer.ts';
import { acceptsEvents, eventResponse } from '../wire/event-response.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { problemOf } from '../wire/problem.ts';
import { type BodyLimits, type HoldUntil, isForm, withBody } from '../wire/read-body.ts';
import { withForm } from '../wire/read-form.ts';
import { reportRequest, requestRecordOf } from '../wire/request-record.ts';
import { errorHint } from './error-hints.ts';
import { answerOfEntry, answerOfUnstored, type GenerateFacts } from './generate-answer.ts';
import { progressEvents } from './generate-progress.ts';
import type { GenerateAnswerBody, GenerateTaskAcceptedBody } from './generate-schema.ts';
import { GENERATE_PATH, generateTask, taskPath } from './generate-task.ts';

/** The normalised interface: `image.generate` over HTTP. */
export function generateRoutes(services: GenerateServices, options: HttpOptions): Hono {
  const door = new GenerateDoor(services, options);
  const routes = new Hono();
  routes.post(GENERATE_PATH, (c) => door.generate(c));
  routes.all(GENERATE_PATH, methodNotAllowed('POST'));
  routes.get(taskPath(':id'), (c) => door.showTask(c, c.req.param('id') ?? ''));
  routes.all(taskPath(':id'), methodNotAllowed('GET'));
  return routes;
}

/** Who wants what. */
interface Asked {
  readonly principal: Principal;
  readonly wish: NormalizedRequest;
  readonly hold: Hold;
  readonly holdUntil: HoldUntil;
}

/** A wish and what came of it. */
interface Drawn extends PreparedWish {
  readonly outcome: ImageOutcome;
  readonly simplifiedPrompt: string | undefined;
}

/** The form part, or parts, that hold reference images. */
const IMAGE_PARTS = ['reference_image', 'reference_image[]'];

class GenerateDoor {
  readonly #services: GenerateServices;
  readonly #options: HttpOptions;
  readonly #own: NormalizedDoor;
  readonly #bodyLimits: BodyLimits;

  constructor(services: GenerateServices, options: HttpOptions) {
    this.#services = services;
    this.#options = options;
    this.#own = new NormalizedDoor(services, options);
    this.#bodyLimits = { maxBytes: options.maxBody, budget: services.bodies, clock: services.clock };
  }

  async generate(c: Context): Promise<Response> {
    const principal = await this.#own.identify(c);
    if (!isForm(c)) {
      return await withBody(c, this.#bodyLimits, async (bytes, hold, holdUntil) => {
        const wish = readNormalized(parseJson(decodeUtf8(bytes)).value);
        return await this.#respond(c, { principal, wish, hold, holdUntil });
      });
    }
    return await withForm(c, this.#services, this.#options, IMAGE_PARTS, async (form, hold, holdUntil) => {
      const images = form.images.map(({ value }) => value);
      const wish = readNormalized({ ...valuesOfForm(form.fields, TEXT_FIELDS), reference_image: images });
      return await this.#respond(c, { principal, wish, hold, holdUntil });
    });
  }

  async showTask(c: Context, id: string): Promise<Response> {
    const { tasks, clock } = this.#services;
    const principal = await this.#own.identify(c);
    const refused = await refusedTaskKey(c, this.#services, principal);
    if (refused !== undefined) throw refusedBy(refused, clock.now());
    const view = await tasks.find(id, principal);
    if (view === undefined) throw new AppError('not_found', 'There is no such task, or it is forgotten.');
    const { requestId } = requestRecordOf(c);
    const { key } = view.task;
    const shown = generateTask(view, {
      requestId,
      base: blobBaseUrl(c, this.#options),
      key: this.#options.local ? key : undefined,
    });
    return Response.json(shown, { headers: { 'x-request-id': requestId } });
  }

  async #respond(c: Context, asked: Asked): Promise<Response> {
    if (prefersAsync(c)) return await this.#submit(c, asked);
    return acceptsEvents(c) ? await this.#stream(c, asked) : await this.#answer(c, asked);
  }

  async #answer(c: Context, asked: Asked): Promise<Response> {
    const drawn = await this.#draw(c, asked, await this.#prepare(c, asked, asked.wish));
    const headers = this.#own.cacheHeaders(c, drawn.outcome.status, drawn.prepared);
    const { requestId } = requestRecordOf(c);
    const answer = this.#encode(c, drawn, requestId);
    return Response.json(answer, { headers: { ...headers, 'x-request-id': requestId } });
  }

  /** What can be refused before anything is drawn is refused as usual; from then on it is told in events. */
  async #stream(c: Context, asked: Asked): Promise<Response> {
    const { principal, wish } = asked;
    const { clock, entries, reporter } = this.#services;
    const made = await this.#prepare(c, asked, wish);
    const record = requestRecordOf(c);
    const { requestId } = record;
    const expectedMs = await entries.usualElapsed(this.#options.site, principal.scope, wish.model);
    const started = await this.#own.start(made);
    record.isStreaming = true;
    const draw = async (onStage: StageListener) => {
      try {
        const drawn = await this.#draw(c, asked, made, onStage, started);
        this.#own.cacheHeaders(c, drawn.outcome.status, drawn.prepared);
        const data = this.#encode(c, drawn, requestId);
        reportRequest(c, this.#services, 200);
        return { event: 'done', data } as const;
      } catch (error) {
        const known = isAppError(error) ? error : new AppError('internal', 'internal', { cause: error });
        const problem = problemOf(known, requestId, errorHint);
        reportRequest(c, this.#services, problem.status);
        if (problem.status >= 500)
          reporter.report({ type: 'failure', where: GENERATE_PATH, requestId, cause: error });
        return { event: 'error', data: problem } as const;
      }
    };
    const work = (onStage: StageListener) => {
      const drawing = draw(onStage);
      asked.holdUntil(drawing);
      return drawing;
    };
    const events = progressEvents(work, { clock, expectedMs });
    return eventResponse(c, events, this.#services);
  }

  async #submit(c: Context, asked: Asked): Promise<Response> {
    const made = await this.#prepare(c, asked, asked.wish);
    const { id, status, ended } = await this.#own.submit(made, asked.principal);
    asked.holdUntil(ended);
    const { requestId } = requestRecordOf(c);
    const headers = {
      ...this.#own.cacheHeaders(c, status, made.prepared),
      'x-request-id': requestId,
      location: taskPath(id),
      'preference-applied': 'respond-async',
    };
    const body: GenerateTaskAcceptedBody = { task_id: id, status: 'queued', request_id: requestId };
    return Response.json(body, { status: 202, headers });
  }

  /** When a prompt draws nothing, its simpler form is tried once; that picture is stored under that form only. */
  async #draw(
    c: Context,
    asked: Asked,
    made: PreparedWish,
    onStage?: StageListener,
    started?: StartedRequest,
  ): Promise<Drawn> {
    const { principal, wish } = asked;
    try {
      return {
        ...made,
        outcome: await this.#own.draw(made, principal, onStage, started),
        simplifiedPrompt: undefined,
      };
    } catch (error) {
      const simpler = isAppError(error, 'no_image') ? simplify(wish) : undefined;
      if (simpler === undefined) throw error;
      const second = await this.#prepare(c, asked, simpler);
      const outcome = await this.#own.draw(second, principal, onStage);
      return { ...second, outcome, simplifiedPrompt: simpler.prompt };
    }
  }

  async #prepare(c: Context, { principal, hold }: Asked, wish: NormalizedRequest): Promise<PreparedWish> {
    const referenceField = referenceFieldOf('reference_image', wish.references.length);
    return await this.#own.prepare(c, { principal, wish, hold, referenceField });
  }

  #encode(c: Context, drawn: Drawn, requestId: string): GenerateAnswerBody {
    const { wish, prepared, outcome, simplifiedPrompt } = drawn;
    const { status } = outcome;
    const facts: GenerateFacts = {
      requestId,
      cached: status.kind === 'hit',
      paid: status.kind === 'forwarded' && !status.collapsed,
      key: this.#options.local ? prepared.key : undefined,
      simplifiedPrompt,
    };
    if (outcome.kind === 'entry') return answerOfEntry(outcome.entry, blobBaseUrl(c, this.#options), facts);
    const answer = imageAnswer(outcome.answer);
    if (answer === undefined) throw new AppError('internal', 'A drawn answer holds no picture.');
    const { site, prices } = this.#options;
    const { canonical, model } = prepared.recipe;
    const { usage, imageCount } = answer;
    const cost = listPrice({ model, site, count: imageCount, canonical, usage }, prices);
    return answerOfUnstored(answer, { model, size: wish.size, seed: wish.seed, cost }, facts);
  }
}

/** RFC 7240 section 4.1. */
function prefersAsync(c: Context): boolean {
  const preferences = c.req.header('prefer')?.split(',') ?? [];
  return preferences.some(
    (preference) => preference.split(';', 1)[0]?.trim().toLowerCase() === 'respond-async',
  );
}
