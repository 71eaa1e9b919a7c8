import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../core/errors.ts';
import type { BlobStage } from '../../ports/blob-driver.ts';
import type { FileOperations } from './files.ts';
import { toStorageError } from './storage-error.ts';

/** A file in the folder of stages, to which nothing leads yet. */
export class FsBlobStage implements BlobStage {
  readonly #files: FileOperations;
  readonly #path: string;
  readonly #publish: (path: string, digest: string) => Promise<void>;
  #handle: FileHandle | undefined;
  #written = 0;
  #ended = false;

  constructor(
    files: FileOperations,
    path: string,
    handle: FileHandle,
    publish: (path: string, digest: string) => Promise<void>,
  ) {
    this.#files = files;
    this.#path = path;
    this.#handle = handle;
    this.#publish = publish;
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      // `writeFile` on a handle appends at its position and repeats short writes, which `write` leaves to the caller.
      await this.#openHandle().writeFile(chunk);
      this.#written += chunk.length;
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async commit(digest: string, size: number): Promise<void> {
    try {
      const handle = this.#openHandle();
      // Without this, a download cut short would be published whole in name only.
      if (this.#written !== size) {
        throw new AppError(
          'storage_failed',
          `${size} bytes were to be stored, but ${this.#written} were written.`,
        );
      }
      // Without this, a crash after the rename can leave the name with an empty file behind it: the file system may
      // write names before bytes.
      await handle.sync();
      // Some systems report a failed write only here; and an open descriptor for every blob would run out.
      await this.#close();
      await this.#publish(this.#path, digest);
      this.#ended = true;
    } catch (error) {
      // The first failure is the one to tell. A file that cannot be removed now is swept at the next start.
      await Promise.allSettled([this.discard()]);
      throw toStorageError(error);
    }
  }

  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    try {
      await this.#close();
      await this.#files.rm(this.#path, { force: true });
    } catch (error) {
      throw toStorageError(error);
    }
  }

  #openHandle(): FileHandle {
    if (this.#handle === undefined) throw new AppError('storage_failed', 'This stage has ended.');
    return this.#handle;
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
