import { type Answer, readAnswer } from '../../core/dashscope/answer.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json/json-text.ts';
import { isVendorSite } from '../../core/site.ts';
import type { Clock } from '../../ports/clock.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { AttemptCloser } from '../attempts/attempt-closer.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { EntryIdentity } from '../attempts/entry-identity.ts';
import type { EntryPublisher } from '../entries/entry-publisher.ts';
import type { StageListener } from '../flights/flight-stage.ts';
import type { FlightOutcome } from '../image-request.ts';

/** Upstream's last word on an attempt, in the shape of a synchronous answer. */
export interface Delivered {
  readonly attemptId: string;
  readonly identity: EntryIdentity;
  readonly answer: UpstreamAnswer;
  readonly elapsedMs: number | undefined;
  /** Why it must not be stored although it is a success. */
  readonly unstorable?: string | undefined;
  /** Told of the pictures while they come. */
  readonly onStage?: StageListener | undefined;
}

/** Collaborators of `AnswerHandler`. */
export interface AnswerHandlerDeps {
  readonly publisher: EntryPublisher;
  readonly attempts: AttemptStore;
  readonly closer: AttemptCloser;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Decides what upstream's last word comes to: an entry, or an answer to relay. Closes the attempt's record. */
export class AnswerHandler {
  readonly #deps: AnswerHandlerDeps;

  constructor(deps: AnswerHandlerDeps) {
    this.#deps = deps;
  }

  /** Throws `no_image` for a success without a picture. */
  async settle(delivered: Delivered): Promise<FlightOutcome> {
    const { attemptId, identity, answer } = delivered;
    const read = answer.status === 200 ? readBody(answer) : undefined;
    if (read === undefined || 'refusal' in read) {
      // 504, or a 200 that cannot be read: it may have been drawn and paid for.
      const { status } = answer;
      const isUnknown = read === undefined && (status === 504 || status === 200);
      const attempt = { id: attemptId, model: identity.model };
      if (isUnknown) await this.#deps.closer.lose(attempt, `upstream answered ${status}`, { status });
      else await this.#deps.closer.close(attemptId, { state: 'refused', status });
      return { kind: 'relay', answer, canonical: identity.canonical, detail: undefined };
    }
    if (read.imageUrls.length === 0) {
      await this.#deps.closer.close(attemptId, { state: 'failed', status: 200, error: 'no image' });
      throw noImage(read);
    }
    this.#countPurchase(delivered, read);
    if (delivered.unstorable !== undefined) {
      await this.#deps.closer.close(attemptId, {
        state: 'unstored',
        status: 200,
        error: delivered.unstorable,
      });
      return { kind: 'relay', answer, canonical: identity.canonical, detail: delivered.unstorable };
    }
    return await this.#keep(delivered, read);
  }

  /** It is paid whatever becomes of its pictures. */
  #countPurchase(delivered: Delivered, { imageUrls, usage }: Answer): void {
    if (isMisplaced(delivered)) return;
    const { identity } = delivered;
    const cost = this.#deps.publisher.costOf({ identity, imageUrls, usage });
    const { model, scope } = identity;
    this.#deps.reporter.report({ type: 'bought', model, scope, images: imageUrls.length, cost });
  }

  async #keep(delivered: Delivered, read: Answer): Promise<FlightOutcome> {
    const { attemptId, identity, answer, elapsedMs, onStage } = delivered;
    try {
      if (isMisplaced(delivered)) {
        throw new AppError(
          'upstream_invalid',
          `A simulator drew this; it is not stored as a picture of ${identity.site}.`,
        );
      }
      await this.#deps.attempts.answered(
        attemptId,
        new TextDecoder().decode(answer.body),
        this.#deps.clock.now(),
      );
      const entry = await this.#deps.publisher.keep({
        attemptId,
        identity,
        imageUrls: read.imageUrls,
        template: read.template,
        usage: read.usage,
        upstreamRequestId: read.requestId,
        elapsedMs,
        onStage,
      });
      return { kind: 'bought', entry };
    } catch (cause) {
      // A paid picture is never withheld: the client gets upstream's own URLs, which live for a day.
      const reason = cause instanceof AppError ? cause.code : 'failure';
      this.#deps.reporter.report({ type: 'not-stored', model: identity.model, reason, cause });
      await this.#deps.closer.close(attemptId, { state: 'unstored', status: 200, error: reason });
      return { kind: 'relay', answer, canonical: identity.canonical, detail: 'not stored' };
    }
  }
}

/** A simulator's drawing where the vendor's was expected: no picture of this site, and nobody was paid. */
function isMisplaced({ answer, identity }: Delivered): boolean {
  return answer.simulated && isVendorSite(identity.site);
}

/** The success in a 200; undefined when it is no JSON at all. */
function readBody(answer: UpstreamAnswer): ReturnType<typeof readAnswer> | undefined {
  const text = new TextDecoder().decode(answer.body);
  try {
    const value: JsonValue = JSON.parse(text);
    return readAnswer(text, value);
  } catch {
    return undefined;
  }
}

function noImage({ texts }: Answer): AppError {
  const said = texts.length === 0 ? '' : ` It said: ${texts.join(' ').slice(0, 300)}`;
  return new AppError('no_image', `Upstream reported success but sent no image; nothing was stored.${said}`);
}
