import { type Context, Hono } from 'hono';
import { isAppError } from '../core/errors.ts';
import { decodeUtf8, parseJson } from '../core/json-text.ts';
import { listPrice } from '../core/models.ts';
import { type NormalizedRequest, readNormalized, simplify } from '../core/normalized-request.ts';
import type { Principal } from '../core/principal.ts';
import type { ImageOutcome } from '../services/image-request.ts';
import { blobBase } from './blob-base.ts';
import type { HttpOptions, HttpServices } from './dependencies.ts';
import { type AnswerFacts, answerOfEntry, answerOfUnstored, type GenerateAnswer } from './generate-answer.ts';
import { methodNotAllowed } from './method-not-allowed.ts';
import { OwnDoor, type PreparedWish, picturesOf } from './own-door.ts';
import { type BodyLimits, requireJson, withBody } from './read-body.ts';

export const GENERATE_PATH = '/v1/image.generate';

/** The normalised interface: `image.generate` over HTTP. */
export function generateRoutes(services: HttpServices, options: HttpOptions): Hono {
  const door = new GenerateDoor(services, options);
  const routes = new Hono();
  routes.post(GENERATE_PATH, (c) => door.generate(c));
  routes.all(GENERATE_PATH, methodNotAllowed('POST'));
  return routes;
}

/** A wish and what came of it. */
interface Drawn extends PreparedWish {
  readonly outcome: ImageOutcome;
  readonly simplifiedPrompt: string | undefined;
}

class GenerateDoor {
  readonly #services: HttpServices;
  readonly #options: HttpOptions;
  readonly #own: OwnDoor;
  readonly #bodyLimits: BodyLimits;

  constructor(services: HttpServices, options: HttpOptions) {
    this.#services = services;
    this.#options = options;
    this.#own = new OwnDoor('image.generate', services, options);
    this.#bodyLimits = { maxBytes: options.maxBody, budget: services.bodies, clock: services.clock };
  }

  async generate(c: Context): Promise<Response> {
    const principal = await this.#own.identify(c);
    requireJson(c);
    return await withBody(c, this.#bodyLimits, async (bytes, hold) => {
      const wish = readNormalized(parseJson(decodeUtf8(bytes)).value);
      const drawn = await this.#draw(c, principal, wish, hold);
      const { status } = drawn.outcome;
      const headers = this.#own.cacheHeaders(status, drawn.prepared);
      const requestId = this.#services.newRequestId();
      const answer = this.#answer(c, drawn, requestId);
      return Response.json(answer, { headers: { ...headers, 'x-request-id': requestId } });
    });
  }

  /** When a prompt draws nothing, its simpler form is tried once; that picture is stored under that form only. */
  async #draw(
    c: Context,
    principal: Principal,
    wish: NormalizedRequest,
    hold: (bytes: number) => void,
  ): Promise<Drawn> {
    const drawOne = async (one: NormalizedRequest) => {
      const referenceField = (index: number) =>
        wish.references.length === 1 ? 'reference_image' : `reference_image[${index}]`;
      const made = await this.#own.prepare(c, { principal, wish: one, hold, referenceField });
      return { ...made, outcome: await this.#own.draw(made, principal) };
    };
    try {
      return { ...(await drawOne(wish)), simplifiedPrompt: undefined };
    } catch (error) {
      const simpler = isAppError(error, 'no_image') ? simplify(wish) : undefined;
      if (simpler === undefined) throw error;
      return { ...(await drawOne(simpler)), simplifiedPrompt: simpler.prompt };
    }
  }

  #answer(
    c: Context,
    { wish, prepared, outcome, simplifiedPrompt }: Drawn,
    requestId: string,
  ): GenerateAnswer {
    const { status } = outcome;
    const facts: AnswerFacts = {
      requestId,
      cached: status.kind === 'hit',
      paid: status.kind === 'forwarded' && !status.collapsed,
      key: this.#options.local ? prepared.key : undefined,
      simplifiedPrompt,
    };
    if (outcome.kind === 'entry') return answerOfEntry(outcome.entry, blobBase(c, this.#options), facts);
    const cost = listPrice(wish.model, this.#options.site, picturesOf(outcome.answer).length);
    return answerOfUnstored(outcome.answer, wish, cost, facts);
  }
}
