import type { Reference } from '../images/reference.ts';

const MAX_GRANTS = 10_000;
const MAX_UPLOADS = 100_000;
const LIFETIME_MS = 48 * 60 * 60 * 1000;

/** Who may use an upload: one account with one model. */
export interface UploadGrant {
  readonly account: string;
  readonly model: string;
}

/** One temporary upload. Of its bytes only what an image drawn from them depends on is kept. */
export interface StoredUpload extends UploadGrant {
  /** `oss://…` */
  readonly name: string;
  readonly bytes: number;
  /** Digest and size; absent when the file is no image, or larger than any model takes. */
  readonly image: Reference | undefined;
  readonly storedAt: number;
}

/** The upload bucket: folders that were granted, and what was put into them. */
export class UploadStore {
  readonly #grants = new Map<string, UploadGrant>();
  readonly #uploads = new Map<string, StoredUpload>();

  /** Beyond ten thousand folders the oldest grant is forgotten. */
  grant(folder: string, grant: UploadGrant): void {
    this.#grants.set(folder, grant);
    dropOldest(this.#grants, MAX_GRANTS);
  }

  /** Whom the folder of this object key was granted to. */
  findGrant(key: string): UploadGrant | undefined {
    return this.#grants.get(key.slice(0, key.lastIndexOf('/')));
  }

  /** False when the name is taken. Beyond a hundred thousand files the oldest is forgotten. */
  add(upload: StoredUpload): boolean {
    if (this.#uploads.has(upload.name)) return false;
    this.#uploads.set(upload.name, upload);
    dropOldest(this.#uploads, MAX_UPLOADS);
    return true;
  }

  /** The upload of this name, while it lives and if it was made by this account for this model. */
  find(name: string, { account, model }: UploadGrant, now: number): StoredUpload | undefined {
    const upload = this.#uploads.get(name);
    const usable =
      upload?.account === account && upload.model === model && now < upload.storedAt + LIFETIME_MS;
    return usable ? upload : undefined;
  }

  /** Oldest first. */
  list(): readonly StoredUpload[] {
    return [...this.#uploads.values()];
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
}
