import { FIXED_FIELDS, type UploadGrant } from '../../core/dashscope/upload-policy.ts';
import { AppError } from '../../core/errors.ts';
import type { BlobDriver } from '../../ports/blob-driver.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { ImageProbe } from '../../ports/image-probe.ts';
import type { FormPart } from '../../ports/multipart.ts';
import type { StoreLock } from '../../ports/store-lock.ts';
import { HeadAndTail } from '../blobs/head-and-tail.ts';
import type { UploadCollector } from './upload-collector.ts';
import type { UploadPolicies } from './upload-policies.ts';
import type { StoredUpload, UploadStore } from './upload-store.ts';

/** A form that was taken. */
export interface ReceivedUpload {
  readonly upload: StoredUpload;
  /** What the form wants to be answered with, as it says it: `200`, `201`, `204`, anything. */
  readonly wantedStatus: string | undefined;
}

/** Values by lower-case name. */
type FormFields = ReadonlyMap<string, string>;

/** How long a name is good, as at the vendor. */
const LIFE_MS = 48 * 60 * 60 * 1000;
/** Of all fields together, some ten times what clients send: anybody may send a form, without a credential. */
const MAX_FIELD_CHARS = 64 * 1024;
/** OSS's own bound on object keys, in bytes. */
const MAX_NAME_BYTES = 1023;

/** Takes files in under a signed policy, hashing and bounding them as they pass. */
export class UploadReceiver {
  readonly #parts: {
    readonly uploads: UploadStore;
    readonly files: BlobDriver;
    readonly policies: UploadPolicies;
    readonly garbageCollector: UploadCollector;
    readonly lock: StoreLock;
    readonly hasher: Pick<Hasher, 'sha256'>;
    readonly probe: ImageProbe;
    readonly clock: Pick<Clock, 'now'>;
  };
  readonly #maxTotalBytes: number;
  /** Bytes that are arriving, and have no row yet. */
  #arriving = 0;

  constructor(
    parts: {
      uploads: UploadStore;
      files: BlobDriver;
      policies: UploadPolicies;
      garbageCollector: UploadCollector;
      lock: StoreLock;
      hasher: Pick<Hasher, 'sha256'>;
      probe: ImageProbe;
      clock: Pick<Clock, 'now'>;
    },
    options: {
      /** Of all files together. */
      readonly maxTotalBytes: number;
    },
  ) {
    this.#parts = parts;
    this.#maxTotalBytes = options.maxTotalBytes;
  }

  /**
   * Stores the file of a form; what follows it is ignored, as OSS does. `missing_input`, `invalid_request` for a form that
   * is none, `forbidden` for what its policy does not allow, `constraint` for a name that is taken, `body_too_large`,
   * `storage_full`. Nothing stays behind then.
   */
  async receive(form: AsyncIterable<FormPart>): Promise<ReceivedUpload> {
    const fields = new Map<string, string>();
    let chars = 0;
    for await (const part of form) {
      if (part.kind === 'field') {
        chars += part.name.length + part.value.length;
        if (chars > MAX_FIELD_CHARS) throw malformed("The form's fields are too long.");
        fields.set(part.name.toLowerCase(), part.value);
      } else if (part.name === 'file') {
        const upload = await this.#take(fields, part.content);
        return { upload, wantedStatus: fields.get('success_action_status') };
      }
    }
    throw new AppError('missing_input', 'The form has no file.', { field: 'file' });
  }

  async #take(fields: FormFields, content: AsyncIterable<Uint8Array>): Promise<StoredUpload> {
    const { policies, uploads, clock } = this.#parts;
    const grant = await policies.check(need(fields, 'policy'), need(fields, 'signature'));
    const name = nameIn(fields, grant);
    if ((await uploads.find(name)) !== undefined) throw nameTaken();
    const known = { name, scope: grant.scope, model: grant.model };
    return await this.#store(content, grant.maxBytes, (file) => ({
      ...known,
      ...file,
      createdAt: clock.now(),
      expiresAt: clock.now() + LIFE_MS,
    }));
  }

  async #store(
    content: AsyncIterable<Uint8Array>,
    maxBytes: number,
    toUpload: (file: Pick<StoredUpload, 'digest' | 'size' | 'mediaType'>) => StoredUpload,
  ): Promise<StoredUpload> {
    const { files, uploads, garbageCollector, hasher, probe } = this.#parts;
    // What has expired makes room first.
    await garbageCollector.runOnce();
    const others = await uploads.totalBytes();
    const hash = hasher.sha256();
    const ends = new HeadAndTail();
    const stage = await files.stage();
    try {
      for await (const chunk of content) {
        ends.add(chunk);
        this.#arriving += chunk.byteLength;
        if (ends.size > maxBytes) {
          throw new AppError('body_too_large', `The file has more than the ${maxBytes} bytes allowed.`);
        }
        if (others + this.#arriving > this.#maxTotalBytes) throw full();
        hash.update(chunk);
        await stage.write(chunk);
      }
      const digest = await hash.digest();
      const mediaType = probe.probe(ends.head())?.mediaType;
      const upload = toUpload({ digest, size: ends.size, mediaType });
      await this.#publish(upload, () => stage.commit(digest, ends.size));
      return upload;
    } finally {
      this.#arriving -= ends.size;
      await stage.discard();
    }
  }

  /** Bytes, then the row. */
  async #publish(upload: StoredUpload, commit: () => Promise<void>): Promise<void> {
    const { uploads, lock, garbageCollector } = this.#parts;
    let isCommitted = false;
    try {
      await lock.shared([upload.digest], async () => {
        if ((await uploads.totalBytes()) + this.#arriving > this.#maxTotalBytes) throw full();
        await commit();
        isCommitted = true;
        await uploads.insert(upload);
      });
    } catch (error) {
      if (isCommitted) await garbageCollector.takeBack(upload.digest);
      throw error;
    }
  }
}

function need(fields: FormFields, name: string): string {
  const value = fields.get(name);
  if (value) return value;
  throw new AppError('missing_input', `The form needs the field ${name} before its file.`, { field: name });
}

/** The object key, if the policy allows it with the form's other fields. */
function nameIn(fields: FormFields, { folder }: UploadGrant): string {
  const name = need(fields, 'key');
  if (!name.startsWith(`${folder}/`)) {
    throw failed(['starts-with', '$key', folder]);
  }
  for (const [field, value] of Object.entries(FIXED_FIELDS)) {
    if (fields.get(field) !== value) throw failed({ [field]: value });
  }
  // The vendor is given the last part as a file's name, which must be one.
  const isFile = !/(?:^|\/)\.{0,2}$/.test(name);
  if (!isFile || new TextEncoder().encode(name).byteLength > MAX_NAME_BYTES || /\p{Cc}/u.test(name)) {
    throw malformed('The key is no object name.', 'key');
  }
  return name;
}

function failed(condition: object): AppError {
  const shown = JSON.stringify(condition);
  return new AppError('forbidden', `Invalid according to Policy: Policy Condition failed: ${shown}`);
}

function malformed(message: string, field?: string): AppError {
  return new AppError('invalid_request', message, { field });
}

function nameTaken(): AppError {
  return new AppError('constraint', 'The name is taken.');
}

function full(): AppError {
  return new AppError('storage_full', 'There is no room for further uploads (DASHCACHE_MAX_UPLOADS).');
}
