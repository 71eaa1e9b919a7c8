import { type Answer, type AnswerReading, isSuccess, readAnswer } from '../../core/dashscope/answer.ts';
import { AppError } from '../../core/errors.ts';
import { isOfficialSite } from '../../core/site.ts';
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
    const { attemptId, identity, answer, unstorable } = delivered;
    const { status } = answer;
    const read = isSuccess(status) ? readAnswer(answer.body) : undefined;
    switch (read?.kind) {
      case 'assets':
        this.#countPurchase(delivered, read);
        return unstorable === undefined
          ? await this.#keep(delivered, read)
          : await this.#unstored(delivered, unstorable);
      case 'none':
        await this.#deps.closer.close(attemptId, { state: 'failed', status, error: 'no image' });
        throw noImage(read);
      case 'task':
      case 'not-understood':
        // What it says is not known, but it may well be paid for.
        this.#countPurchase(delivered, { pictures: 0, usage: read.usage });
        return await this.#unstored(delivered, 'not understood');
      case 'refusal':
      case undefined: {
        const attempt = { id: attemptId, model: identity.model };
        if (status === 504) await this.#deps.closer.lose(attempt, `upstream answered ${status}`, { status });
        else await this.#deps.closer.close(attemptId, { state: 'refused', status });
        return { kind: 'relay', answer, canonical: identity.canonical, detail: undefined };
      }
    }
  }

  async #unstored({ attemptId, identity, answer }: Delivered, why: string): Promise<FlightOutcome> {
    const { status } = answer;
    await this.#deps.closer.close(attemptId, { state: 'unstored', status, error: why });
    return { kind: 'relay', answer, canonical: identity.canonical, detail: why };
  }

  /** It is paid whatever becomes of its pictures. */
  #countPurchase(delivered: Delivered, { pictures, usage }: Pick<Answer, 'pictures' | 'usage'>): void {
    if (isMisplaced(delivered)) return;
    const { identity } = delivered;
    const cost = pictures === 0 ? undefined : this.#deps.publisher.costOf({ identity, pictures, usage });
    const { model, scope } = identity;
    this.#deps.reporter.report({ type: 'bought', model, scope, images: pictures, cost });
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
      // No image bytes in any row: what came inline is in our hands already.
      if (read.assets.every((asset) => 'url' in asset)) {
        const text = new TextDecoder().decode(answer.body);
        await this.#deps.attempts.answered(attemptId, text, this.#deps.clock.now());
      }
      const entry = await this.#deps.publisher.keep({
        attemptId,
        identity,
        assets: read.assets,
        pictures: read.pictures,
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
  return answer.simulated && isOfficialSite(identity.site);
}

function noImage({ texts }: Pick<AnswerReading, 'texts'>): AppError {
  const said = texts.length === 0 ? '' : ` It said: ${texts.join(' ').slice(0, 300)}`;
  return new AppError('no_image', `Upstream reported success but sent no image; nothing was stored.${said}`);
}
