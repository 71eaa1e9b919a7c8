import type { Context } from 'hono';
import type { CacheStatus } from '../../core/cache/cache-status.ts';
import { MULTIMODAL } from '../../core/dashscope/endpoints.ts';
import { inErrorFields } from '../../core/dialects/error-fields.ts';
import { type NormalizedRequest, toDashScope } from '../../core/dialects/normalized-request.ts';
import { type AppError, invalid } from '../../core/errors.ts';
import { requireKnownModel, requireOfferedSize } from '../../core/models/models.ts';
import type { Principal } from '../../core/principal.ts';
import { isOssUrl } from '../../core/recipe/references.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { ImageOutcome, ImageRequest, StartedRequest } from '../../services/image-request.ts';
import type { StageListener } from '../../services/purchases/flight-stage.ts';
import type { Hold } from '../../services/requests/reference-resolver.ts';
import type { Submission } from '../../services/tasks/task-service.ts';
import { UpstreamRefusal } from '../../services/upstream-refusal.ts';
import type { DoorServices, HttpOptions } from '../dependencies.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { ownOrigins } from './blob-urls.ts';
import { cacheHeaders } from './cache-headers.ts';
import { identify } from './identify.ts';
import { type Cacheable, imageRequest } from './image-request.ts';
import { fetchesFor, proveKey } from './key-proof.ts';
import { recordKeyProof } from './record-key-proof.ts';
import { imageAnswer, refusedBy } from './upstream-answer.ts';

/** A wish, understood: what is asked of the store and, on a miss, of upstream. */
export interface PreparedWish {
  readonly wish: NormalizedRequest;
  readonly request: ImageRequest;
  readonly prepared: Cacheable;
}

type SubmittedTask = Extract<Submission, { kind: 'task' }>;

/** Who wants what, and in which words. */
export interface Asking {
  readonly principal: Principal;
  readonly wish: NormalizedRequest;
  /** Told of the pictures that are read for the request. */
  readonly hold: Hold;
  /** What this dialect calls a reference image, by its place. */
  readonly referenceField: (index: number) => string;
}

/** What the front doors of our own (`image.generate`, OpenAI's) do alike: they differ in words only. */
export class NormalizedDoor {
  readonly #services: DoorServices;
  readonly #options: HttpOptions;

  constructor(services: DoorServices, options: HttpOptions) {
    this.#services = services;
    this.#options = options;
  }

  async identify(c: Context): Promise<Principal> {
    return await identify(c, this.#services);
  }

  /** Checks model and size, and fetches the reference images; errors name the field. A key that the vendor refuses gets no further. */
  async prepare(c: Context, asking: Asking): Promise<PreparedWish> {
    const { principal, wish } = asking;
    requestRecordOf(c).model = wish.model;
    requireKnownModel(wish.model, this.#options.addedModels);
    if (wish.size !== undefined) requireOfferedSize(wish.model, wish.size);
    const prepared = await this.#prepare(c, asking);
    const made = imageRequest(c, this.#options, { asked: MULTIMODAL, principal, prepared });
    const { take } = wish;
    const request = {
      ...made,
      directives: take === undefined ? made.directives : { ...made.directives, take },
      call: wish.references.some(isOssUrl) ? resolvingNames(made.call) : made.call,
    };
    const refusal = await proveKey(c, this.#services, principal, request);
    if (refusal !== undefined) throw this.#refusedBy(refusal);
    return { wish, request, prepared };
  }

  /** Begins what `draw` ends, for those who answer before the end: see `ImageService.start`. */
  async start({ request }: PreparedWish): Promise<StartedRequest> {
    return await this.#services.images.start(request);
  }

  /**
   * A picture from the store or from upstream, whose refusal is `upstream_refused`. `onStage` is told how far a flight is;
   * `started` is what `start` began.
   */
  async draw(
    { request }: PreparedWish,
    principal: Principal,
    onStage?: StageListener,
    started?: StartedRequest,
  ): Promise<ImageOutcome> {
    const { images } = this.#services;
    const outcome = await this.#relayingUploads(principal, async () =>
      images.finish(request, started ?? (await images.start(request)), onStage),
    );
    await recordKeyProof(this.#services, principal, outcome);
    if (outcome.kind === 'relay' && imageAnswer(outcome.answer) === undefined)
      throw this.#refusedBy(outcome.answer);
    return outcome;
  }

  /** A task, whose picture may have to be drawn yet; upstream's refusal to take the job is `upstream_refused`. */
  async submit({ request }: PreparedWish, principal: Principal): Promise<SubmittedTask> {
    const { tasks } = this.#services;
    const submission = await this.#relayingUploads(principal, () => tasks.submit(request, MULTIMODAL.family));
    if (submission.kind === 'task') return submission;
    await recordKeyProof(this.#services, principal, submission);
    throw this.#refusedBy(submission.answer);
  }

  /** Says how an answer came about. */
  cacheHeaders(c: Context, status: CacheStatus, prepared: Cacheable): Record<string, string> {
    return cacheHeaders(requestRecordOf(c), this.#options, status, prepared);
  }

  /** The vendor's word on a file that it was to be given stands for its word on the request. */
  async #relayingUploads<T>(principal: Principal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UpstreamRefusal)) throw error;
      if (error.answer.status === 401) await this.#services.credentials.refused(principal);
      throw this.#refusedBy(error.answer);
    }
  }

  #refusedBy(answer: UpstreamAnswer): AppError {
    return refusedBy(answer, this.#services.clock.now());
  }

  async #prepare(c: Context, { principal, wish, hold, referenceField }: Asking): Promise<Cacheable> {
    try {
      const prepared = await this.#services.prepared.prepare(JSON.stringify(toDashScope(wish)), {
        dataInspection: c.req.header('x-dashscope-datainspection'),
        ownOrigins: () => ownOrigins(c, this.#options),
        hold,
        mayFetch: fetchesFor(c, this.#services, principal),
        caller: { ...principal, resolvesNames: true },
      });
      if (prepared.kind === 'cacheable') return prepared;
      if (prepared.kind === 'foreign') throw invalid('model', 'names no image model');
      throw prepared.reason ?? invalid('prompt', 'is too long');
    } catch (error) {
      if (error instanceof UpstreamRefusal) throw this.#refusedBy(error.answer);
      throw inErrorFields(error, referenceField);
    }
  }
}

/** The vendor reads `oss://` names only for those who say that they mean them. */
function resolvingNames(call: ImageRequest['call']): ImageRequest['call'] {
  return async (reason) => {
    const made = await call(reason);
    const others = made.headers.filter(([name]) => name !== 'x-dashscope-ossresourceresolve');
    return { ...made, headers: [...others, ['x-dashscope-ossresourceresolve', 'enable']] };
  };
}
