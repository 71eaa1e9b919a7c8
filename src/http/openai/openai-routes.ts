import { type Context, Hono } from 'hono';
import { referenceFieldOf } from '../../core/dialects/error-fields.ts';
import {
  type OpenAiRequest,
  readEdits,
  readEditsForm,
  readGenerations,
} from '../../core/dialects/openai-request.ts';
import type { Entry } from '../../core/entries/entry.ts';
import { AppError, invalid } from '../../core/errors.ts';
import { decodeUtf8, parseJson } from '../../core/json/json-text.ts';
import type { JsonValue } from '../../core/json/json-value.ts';
import type { Principal } from '../../core/principal.ts';
import type { ImageOutcome } from '../../services/image-request.ts';
import type { Hold } from '../../services/requests/reference-resolver.ts';
import type { HttpOptions, OpenAiServices } from '../dependencies.ts';
import { blobBaseUrl } from '../doors/blob-urls.ts';
import { NormalizedDoor } from '../doors/normalized-door.ts';
import { imagesOf } from '../doors/upstream-answer.ts';
import { toBodyStream } from '../wire/body-stream.ts';
import { breakOff } from '../wire/break-off.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { type BodyLimits, isForm, requireJson, withBody } from '../wire/read-body.ts';
import { withForm } from '../wire/read-form.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { eventsOf, fillHoles, responseOfEntry } from './openai-answer.ts';
import type { OpenAiImagesBody } from './openai-schema.ts';

/** OpenAI's images API. */
export function openAiRoutes(services: OpenAiServices, options: HttpOptions): Hono {
  const door = new OpenAiDoor(services, options);
  const routes = new Hono();
  routes.post('/v1/images/generations', (c) => door.generate(c));
  routes.post('/v1/images/edits', (c) => door.edit(c));
  for (const path of ['/v1/images/generations', '/v1/images/edits'])
    routes.all(path, methodNotAllowed('POST'));
  return routes;
}

/** Parts of a form that hold a picture. */
const IMAGE_PARTS = ['image', 'image[]', 'mask'] as const;

/** Who asks for what, in which words, and what is held for it. */
interface Asked extends OpenAiRequest {
  readonly principal: Principal;
  /** What its events are called. */
  readonly kind: 'image_generation' | 'image_edit';
  readonly hold: Hold;
}

class OpenAiDoor {
  readonly #services: OpenAiServices;
  readonly #options: HttpOptions;
  readonly #own: NormalizedDoor;
  readonly #bodyLimits: BodyLimits;

  constructor(services: OpenAiServices, options: HttpOptions) {
    this.#services = services;
    this.#options = options;
    this.#own = new NormalizedDoor(services, options);
    this.#bodyLimits = { maxBytes: options.maxBody, budget: services.bodies, clock: services.clock };
  }

  async generate(c: Context): Promise<Response> {
    const principal = await this.#own.identify(c);
    requireJson(c);
    return await withBody(c, this.#bodyLimits, (bytes, hold) =>
      this.#answer(c, { ...readGenerations(readJson(bytes)), principal, kind: 'image_generation', hold }),
    );
  }

  async edit(c: Context): Promise<Response> {
    const principal = await this.#own.identify(c);
    const answer = (request: OpenAiRequest, hold: Hold) =>
      this.#answer(c, { ...request, principal, kind: 'image_edit', hold });
    if (!isForm(c)) {
      return await withBody(c, this.#bodyLimits, (bytes, hold) => answer(readEdits(readJson(bytes)), hold));
    }
    return await withForm(c, this.#services, this.#options, IMAGE_PARTS, ({ fields, images }, hold) =>
      answer(readEditsForm(fields, images), hold),
    );
  }

  async #answer(c: Context, { principal, wish, hold, ...asked }: Asked): Promise<Response> {
    const referenceField = referenceFieldOf('image', wish.references.length);
    const made = await this.#own.prepare(c, { principal, wish, hold, referenceField });
    if (asked.format === 'b64_json' && made.request.directives.noStore) {
      throw invalid(
        'response_format',
        'must be url with Cache-Control: no-store, which keeps nothing to encode',
      );
    }
    const outcome = await this.#own.draw(made, principal);
    const headers = {
      ...this.#own.cacheHeaders(c, outcome.status, made.prepared),
      'content-type': asked.streams ? 'text/event-stream; charset=utf-8' : 'application/json',
      'x-request-id': requestRecordOf(c).requestId,
    };
    const response = this.#responseOf(c, outcome, asked.format, wish.references.length > 0);
    const text = asked.streams ? eventsOf(response, asked.kind) : JSON.stringify(response);
    const isFilled = outcome.kind === 'entry' && asked.format === 'b64_json';
    return new Response(isFilled ? this.#filled(c, text, outcome.entry) : text, { headers });
  }

  /** The head is sent by the time that a blob may turn out to be damaged: then the connection is broken off. */
  #filled(c: Context, text: string, { images }: Entry): ReadableStream<Uint8Array> {
    return toBodyStream(fillHoles(text, images, this.#services.blobs), breakOff(c, this.#services));
  }

  #responseOf(
    c: Context,
    outcome: ImageOutcome,
    format: OpenAiRequest['format'],
    hasReferences: boolean,
  ): OpenAiImagesBody {
    if (outcome.kind === 'entry') {
      const base = format === 'url' ? blobBaseUrl(c, this.#options) : undefined;
      return responseOfEntry(outcome.entry, base, hasReferences);
    }
    const urls = imagesOf(outcome.answer);
    if (format === 'b64_json') throw notStored(urls);
    const created = Math.floor(this.#services.clock.now() / 1000);
    return { created, data: urls.map((url) => ({ url })) };
  }
}

function readJson(bytes: Uint8Array): JsonValue {
  const { value, exactNumbers } = parseJson(decodeUtf8(bytes));
  if (exactNumbers) return value;
  throw new AppError('invalid_request', 'The body holds a number with more digits than can be kept.');
}

/** A paid picture is not withheld: the error says where it is. */
function notStored(urls: readonly string[]): AppError {
  return new AppError(
    'not_stored',
    `The picture was drawn, but could not be stored here to be encoded. Fetch it within a day from ${urls.join(' ')}`,
  );
}
