import { readErrorBody } from '../../core/dashscope/error-body.ts';
import { AppError } from '../../core/errors.ts';
import { findHeader } from '../../core/headers.ts';
import { type FailedAttempt, nextDelay, parseRetryAfter, type RetryLimits } from '../../core/retry-policy.ts';
import type { BlobDriver } from '../../ports/blob-driver.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FlightCoordinator } from '../../ports/flight-coordinator.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { Reporter } from '../../ports/reporter.ts';
import { TransportError } from '../../ports/transport.ts';
import type { UploadAnswer, UploadUpstream } from '../../ports/upload-upstream.ts';
import { DeadlineError, withDeadline } from '../limits/deadline.ts';
import { retry, type Tried } from '../limits/retry.ts';
import { UpstreamRefusal } from '../upstream-refusal.ts';
import type { StoredUpload, UploadStore } from './upload-store.ts';

/** Who sends a file to the vendor, and for which model. */
export interface UpstreamCaller {
  readonly account: string;
  readonly apiKey: string;
  readonly model: string;
}

/** A file to bring to the vendor. */
export interface UploadSource {
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string | undefined;
  /** The last part of the name that the vendor is to give it. */
  readonly name: string;
  /** Its bytes; undefined when they are gone. */
  readonly read: () => Promise<Uint8Array | AsyncIterable<Uint8Array> | undefined>;
}

/** An hour less than the vendor keeps it: a generation may wait for its turn. */
const LIFE_MS = 47 * 60 * 60 * 1000;
/** Twenty megabytes over a slow line. */
const TIMEOUT_MS = 120_000;

/** Brings files to the vendor when it needs them, each once per account and model while it lives there. */
export class UpstreamUploads {
  readonly #parts: {
    readonly uploads: UploadStore;
    readonly files: BlobDriver;
    readonly upstream: UploadUpstream;
    readonly flights: FlightCoordinator<string>;
    readonly hasher: Pick<Hasher, 'sha256'>;
    readonly clock: Clock;
    readonly reporter: Reporter;
  };
  readonly #site: string;
  readonly #retry: RetryLimits;

  constructor(
    parts: {
      uploads: UploadStore;
      files: BlobDriver;
      upstream: UploadUpstream;
      flights: FlightCoordinator<string>;
      hasher: Pick<Hasher, 'sha256'>;
      clock: Clock;
      reporter: Reporter;
    },
    { site, retry }: { readonly site: string; readonly retry: RetryLimits },
  ) {
    this.#parts = parts;
    this.#site = site;
    this.#retry = retry;
  }

  /** An upload of a client's, as it lies in our store. */
  stored({ digest, size, mediaType, name }: StoredUpload): UploadSource {
    const read = async () => (await this.#parts.files.read(digest))?.body;
    return { digest, size, mediaType, name: name.slice(name.lastIndexOf('/') + 1), read };
  }

  /**
   * The vendor's `oss://` name for these bytes; with `anew` a new one, since the vendor may have lost the last. `upload_unknown` when they are gone or damaged; `upstream_unreachable`,
   * `upstream_timeout`, `upstream_invalid`; `UpstreamRefusal` when the vendor will not have them.
   */
  async nameOf(upload: UploadSource, caller: UpstreamCaller, anew = false): Promise<string> {
    const { uploads, flights, clock } = this.#parts;
    const key = {
      site: this.#site,
      account: caller.account,
      model: caller.model,
      digest: upload.digest,
    };
    const { value } = await flights.run(JSON.stringify(Object.values(key)), async () => {
      const known = anew ? undefined : await uploads.findUpstream(key, clock.now());
      if (known !== undefined) return known;
      // Its life at the vendor begins before we hear of it.
      const expiresAt = clock.now() + LIFE_MS;
      const url = await this.#send(upload, caller);
      await uploads.putUpstream(key, url, expiresAt);
      return url;
    });
    return value;
  }

  /** All attempts share one deadline: a generation waits for them. */
  async #send(upload: UploadSource, caller: UpstreamCaller): Promise<string> {
    try {
      return await withDeadline(this.#parts.clock, TIMEOUT_MS, (signal) =>
        this.#sendRepeatedly(upload, caller, signal),
      );
    } catch (cause) {
      if (!(cause instanceof DeadlineError)) throw cause;
      throw new AppError('upstream_timeout', 'Upstream took too long to take an uploaded picture.', {
        cause,
      });
    }
  }

  /** Sending a file costs nothing, and each attempt has a name of its own: what failed is tried again. */
  async #sendRepeatedly(upload: UploadSource, caller: UpstreamCaller, signal: AbortSignal): Promise<string> {
    const { clock, reporter } = this.#parts;
    const waitAfter = (outcome: PromiseSettledResult<SendResult>, { tries, elapsedMs }: Tried) => {
      if (outcome.status === 'rejected' || outcome.value.kind === 'stored') return undefined;
      const failed = { ...describeFailure(outcome.value, clock.now()), attempts: tries, elapsedMs };
      const waitMs = nextDelay(failed, this.#retry, clock.random());
      if (waitMs !== undefined)
        reporter.report({ type: 'retry', model: caller.model, status: failed.status, waitMs });
      return waitMs;
    };
    const result = await retry(clock, { waitAfter, signal }, () => this.#sendOnce(upload, caller, signal));
    if (result.kind === 'stored') return result.url;
    throw errorOf(result);
  }

  async #sendOnce(
    upload: UploadSource,
    { model, apiKey }: UpstreamCaller,
    signal: AbortSignal,
  ): Promise<SendResult> {
    const { upstream, hasher } = this.#parts;
    const body = await upload.read();
    if (body === undefined) throw gone();
    const bytes = new VerifiedBytes(body, upload.digest, hasher);
    const file = {
      model,
      name: upload.name,
      mediaType: upload.mediaType ?? 'application/octet-stream',
      size: upload.size,
      content: bytes.chunks(),
    };
    try {
      return await upstream.upload(file, apiKey, signal);
    } catch (cause) {
      if (bytes.isDamaged) throw gone(cause);
      if (cause instanceof TransportError) return { kind: 'unreachable', cause };
      throw cause;
    }
  }
}

/** What one attempt came to. */
type SendResult = UploadAnswer | { readonly kind: 'unreachable'; readonly cause: TransportError };

type SendFailure = Exclude<SendResult, { kind: 'stored' }>;

/** A failure for the rules of retrying. After a 504 nothing was paid for, whatever became of the file. */
function describeFailure(failure: SendFailure, now: number): Omit<FailedAttempt, 'attempts' | 'elapsedMs'> {
  const answer = failure.kind === 'refused' ? failure.answer : undefined;
  const status = failure.kind === 'failed' ? failure.status : (answer?.status ?? 0);
  const { code, message } = answer === undefined ? {} : readErrorBody(answer.body);
  const retryAfterMs = parseRetryAfter(answer && findHeader(answer.headers, 'retry-after'), now);
  return { status: status === 504 ? 0 : status, code, message, retryAfterMs };
}

function errorOf(failure: SendFailure): Error {
  if (failure.kind === 'refused') return new UpstreamRefusal(failure.answer);
  if (failure.kind === 'unreachable') {
    const message = 'Upstream cannot be reached with an uploaded picture.';
    return new AppError('upstream_unreachable', message, { cause: failure.cause });
  }
  const message = `Upstream's storage answered ${failure.status} to an uploaded picture.`;
  return new AppError('upstream_invalid', message);
}

/** Bytes that break off at their end when they are not what was hashed: the vendor must not keep them then. */
class VerifiedBytes {
  readonly #body: Uint8Array | AsyncIterable<Uint8Array>;
  readonly #digest: string;
  readonly #hasher: Pick<Hasher, 'sha256'>;
  isDamaged = false;

  constructor(body: Uint8Array | AsyncIterable<Uint8Array>, digest: string, hasher: Pick<Hasher, 'sha256'>) {
    this.#body = body;
    this.#digest = digest;
    this.#hasher = hasher;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const hash = this.#hasher.sha256();
    for await (const chunk of this.#body instanceof Uint8Array ? [this.#body] : this.#body) {
      hash.update(chunk);
      yield chunk;
    }
    this.isDamaged = (await hash.digest()) !== this.#digest;
    if (this.isDamaged) throw gone();
  }
}

function gone(cause?: unknown): AppError {
  return new AppError('upload_unknown', 'the uploaded file is damaged or gone.', { cause });
}
