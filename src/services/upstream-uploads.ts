import { AppError } from '../core/errors.ts';
import type { BlobDriver } from '../ports/blob-driver.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlightCoordinator } from '../ports/flight-coordinator.ts';
import type { Hasher } from '../ports/hasher.ts';
import { TransportError } from '../ports/transport.ts';
import type { UploadUpstream } from '../ports/upload-upstream.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { UploadRefusal } from './upload-refusal.ts';
import type { StoredUpload, UploadStore } from './upload-store.ts';

/** Who sends a file to the vendor, and for which model. */
export interface UpstreamCaller {
  readonly account: string;
  readonly apiKey: string;
  readonly model: string;
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
  };
  readonly #site: string;

  constructor(
    parts: {
      uploads: UploadStore;
      files: BlobDriver;
      upstream: UploadUpstream;
      flights: FlightCoordinator<string>;
      hasher: Pick<Hasher, 'sha256'>;
      clock: Clock;
    },
    site: string,
  ) {
    this.#parts = parts;
    this.#site = site;
  }

  /**
   * The vendor's `oss://` name for these bytes. `upload_unknown` when they are gone or damaged; `upstream_unreachable`,
   * `upstream_timeout`, `upstream_invalid`; `UploadRefusal` when the vendor will not have them.
   */
  async nameOf(upload: StoredUpload, caller: UpstreamCaller): Promise<string> {
    const { uploads, flights, clock } = this.#parts;
    const key = {
      site: this.#site,
      account: caller.account,
      model: caller.model,
      digest: upload.digest,
    };
    const { value } = await flights.run(JSON.stringify(Object.values(key)), async () => {
      const known = await uploads.findUpstream(key, clock.now());
      if (known !== undefined) return known;
      // Its life at the vendor begins before we hear of it.
      const expiresAt = clock.now() + LIFE_MS;
      const url = await this.#send(upload, caller);
      await uploads.putUpstream(key, url, expiresAt);
      return url;
    });
    return value;
  }

  async #send(upload: StoredUpload, { model, apiKey }: UpstreamCaller): Promise<string> {
    const { files, upstream, clock } = this.#parts;
    const found = await files.read(upload.digest);
    if (found === undefined) throw gone();
    const bytes = new VerifiedBytes(found.body, upload.digest, this.#parts.hasher);
    const file = {
      model,
      name: upload.name.slice(upload.name.lastIndexOf('/') + 1),
      mediaType: upload.mediaType ?? 'application/octet-stream',
      size: upload.size,
      content: bytes.chunks(),
    };
    try {
      const sent = await withDeadline(clock, TIMEOUT_MS, (signal) => upstream.upload(file, apiKey, signal));
      if (sent.kind === 'refused') throw new UploadRefusal(sent.answer);
      return sent.url;
    } catch (cause) {
      if (bytes.isDamaged) throw gone(cause);
      if (cause instanceof TransportError) {
        const message = 'Upstream cannot be reached with an uploaded picture.';
        throw new AppError('upstream_unreachable', message, { cause });
      }
      if (!(cause instanceof DeadlineError)) throw cause;
      throw new AppError('upstream_timeout', 'Upstream took too long to take an uploaded picture.', {
        cause,
      });
    }
  }
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
