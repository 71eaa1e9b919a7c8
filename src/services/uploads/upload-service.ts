import { AppError } from '../../core/errors.ts';
import { drawsVideo, isImageModel } from '../../core/models/models.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FormPart } from '../../ports/multipart.ts';
import type { IssuedPolicy, UploadPolicies } from './upload-policies.ts';
import type { ReceivedUpload, UploadReceiver } from './upload-receiver.ts';
import type { UploadStore } from './upload-store.ts';
import type { UpstreamUploads } from './upstream-uploads.ts';

/** Longer than any model's name. It is kept with every file, which must not fill the disk by it. */
const MAX_MODEL_CHARS = 200;

/** Who names an upload in a request. */
export interface UploadCaller {
  readonly scope: string;
  readonly account: string;
  readonly apiKey: string;
  /** The request asked for `oss://` names to be resolved, without which the vendor takes none. */
  readonly resolvesNames: boolean;
}

/** A file that we hold and the vendor is to see. */
export interface LentFile {
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** An upload that a request names. */
export interface FoundUpload {
  /** SHA-256 of the bytes. */
  readonly digest: string;
  readonly isImage: boolean;
  /** The vendor's own `oss://` name for it; brings it there if need be, and in any case with `anew`. */
  readonly upstreamName: (anew?: boolean) => Promise<string>;
}

/** Collaborators of `UploadService`. */
export interface UploadServiceDeps {
  readonly policies: UploadPolicies;
  readonly intake: UploadReceiver;
  readonly uploads: UploadStore;
  readonly upstream: UpstreamUploads;
  readonly clock: Pick<Clock, 'now'>;
}

/** Temporary uploads: what clients upload here, and the names that stand for it in their requests. */
export class UploadService {
  readonly #deps: UploadServiceDeps;
  readonly #addedModels: ReadonlySet<string>;
  readonly #ownNamesOnly: boolean;

  constructor(
    deps: UploadServiceDeps,
    options: {
      readonly addedModels: ReadonlySet<string>;
      /** Names that were not given out here are refused: the account at the vendor is shared by many. */
      readonly ownNamesOnly: boolean;
    },
  ) {
    this.#deps = deps;
    this.#addedModels = options.addedModels;
    this.#ownNamesOnly = options.ownNamesOnly;
  }

  /** Whether files for this model are uploaded here: only where our names can be exchanged for the vendor's. */
  takes(model: string): boolean {
    if (model.length > MAX_MODEL_CHARS) return false;
    return isImageModel(model, this.#addedModels) && !drawsVideo(model);
  }

  /** Lets somebody upload files of this scope for five minutes. */
  async issue(scope: string, model: string): Promise<IssuedPolicy> {
    return await this.#deps.policies.issue(scope, model);
  }

  /** See `UploadReceiver.receive`. */
  async receive(form: AsyncIterable<FormPart>): Promise<ReceivedUpload> {
    return await this.#deps.intake.receive(form);
  }

  /**
   * What an `oss://` name stands for; undefined when it is none of ours and the vendor may know it. As at the vendor,
   * `reference_refused` when names are not to be resolved, and `upload_unknown` for names that are foreign or have expired.
   */
  async find(url: string, model: string, caller: UploadCaller): Promise<FoundUpload | undefined> {
    const name = url.slice('oss://'.length);
    const isOurs = await this.#deps.policies.isOurs(name);
    if (!isOurs && !this.#ownNamesOnly) return undefined;
    if (!caller.resolvesNames) {
      throw new AppError(
        'reference_refused',
        'The provided URL does not appear to be valid. Ensure it is correctly formatted. An oss:// name needs the header X-DashScope-OssResourceResolve: enable.',
      );
    }
    const upload = isOurs ? await this.#deps.uploads.find(name) : undefined;
    if (upload?.scope !== caller.scope || upload.expiresAt <= this.#deps.clock.now()) {
      throw new AppError(
        'upload_unknown',
        'Unable to download the media resource during the data inspection process.',
      );
    }
    return {
      digest: upload.digest,
      isImage: upload.mediaType !== undefined,
      upstreamName: (anew) =>
        this.#deps.upstream.nameOf(this.#deps.upstream.stored(upload), { ...caller, model }, anew),
    };
  }

  /**
   * The vendor's `oss://` name for a file that no client has uploaded, good for one model and the caller's account; the
   * request that names it must ask for names to be resolved. With `anew` it goes up even if it is there by our records. Errors as `UpstreamUploads.nameOf`.
   */
  async lend(file: LentFile, model: string, caller: UploadCaller, anew = false): Promise<string> {
    const { digest, mediaType, bytes } = file;
    const name = `${digest.slice(0, 32)}.${mediaType.slice(mediaType.indexOf('/') + 1)}`;
    const source = { digest, size: bytes.byteLength, mediaType, name, read: async () => bytes };
    return await this.#deps.upstream.nameOf(source, { ...caller, model }, anew);
  }
}
