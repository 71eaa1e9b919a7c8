import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ByteRange } from '../../core/bytes/range.ts';
import { isDigest } from '../../core/entries/blob.ts';
import { AppError } from '../../core/errors.ts';
import type { BlobContent, BlobDriver, BlobStage } from '../../ports/blob-driver.ts';
import { FsBlobStage } from './blob-stage.ts';
import { FILE_MODE, type FileOperations, makeDirectory, pathsBetween, syncDirectory } from './files.ts';
import { readExactly, streamFile } from './read-file.ts';
import { errorCode, toStorageError } from './storage-error.ts';
import { Trash } from './trash.ts';

/** Below this, one read is faster than any stream; above it, memory per request would count. */
const WHOLE_BYTES = 4 * 1024 * 1024;
/** Everybody's range is his own: hundreds of slow readers of large ones would hold gigabytes. */
const RANGE_BYTES = 256 * 1024;

export interface FsBlobDriverOptions {
  /** For tests that make one operation fail. */
  readonly files?: FileOperations;
  /**
   * A file in the root that proves that this is the store. Without it nothing is said to be absent and nothing is
   * written: an empty mount point looks like a store whose images are all gone.
   */
  readonly marker?: string;
}

const SHARD = /^[0-9a-f]{2}$/;

/**
 * Blobs as files `<root>/<first 2 hex digits>/<next 2>/<digest>`, stages in `<root>/tmp`, what was discarded in
 * `<root>/trash`. Two levels of shards keep each
 * directory at a few hundred names with ten million blobs. Stages are inside the root because a rename is atomic only
 * within one file system.
 */
export class FsBlobDriver implements BlobDriver {
  readonly #root: string;
  readonly #stages: string;
  readonly #files: FileOperations;
  /** Shards whose own names are known to be on the disk: at most 65 536. */
  readonly #durable = new Set<string>();

  readonly #marker: string | undefined;
  readonly #trash: Trash;
  readonly #discarded: string;

  constructor(root: string, { files = nodeFiles, marker }: FsBlobDriverOptions = {}) {
    this.#root = resolve(root);
    this.#stages = join(this.#root, 'tmp');
    this.#files = files;
    this.#discarded = join(this.#root, 'trash');
    this.#trash = new Trash(files, this.#discarded);
    this.#marker = marker === undefined ? undefined : join(this.#root, marker);
  }

  async stage(): Promise<BlobStage> {
    try {
      this.#proveItself();
      await makeDirectory(this.#files, this.#stages);
      const path = join(this.#stages, randomUUID());
      const handle = await this.#files.open(path, 'wx', FILE_MODE);
      return new FsBlobStage(this.#files, path, handle, (from, digest) => this.#publish(from, digest));
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async read(digest: string, range?: ByteRange): Promise<BlobContent | undefined> {
    const path = this.pathOf(digest);
    try {
      const handle = await this.#files.open(path, 'r');
      try {
        const { size } = await handle.stat();
        const wanted = range ?? { start: 0, end: size - 1 };
        if (wanted.end >= size)
          throw new AppError('storage_failed', 'A range beyond the end of a blob was asked for.');
        const body =
          wanted.end - wanted.start < (range === undefined ? WHOLE_BYTES : RANGE_BYTES)
            ? await readExactly(handle, wanted)
            : streamFile(this.#files, path, wanted);
        return { size, body };
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return this.#absent();
      throw toStorageError(error);
    }
  }

  /**
   * Synchronous inside: every hit asks it, and on a local disk the answer is nearly always in the kernel's memory. That
   * takes microseconds, fewer than the thread pool.
   */
  async size(digest: string): Promise<number | undefined> {
    const path = this.pathOf(digest);
    try {
      return statSync(path, { throwIfNoEntry: false })?.size ?? this.#absent();
    } catch (error) {
      throw toStorageError(error);
    }
  }

  /** Not synced: a name that comes back after a crash is a blob without a row, which garbage collection removes. */
  async delete(digest: string): Promise<void> {
    const path = this.pathOf(digest);
    try {
      await this.#files.rm(path, { force: true });
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async discard(digest: string): Promise<void> {
    const path = this.pathOf(digest);
    try {
      await this.#trash.take(path, digest);
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async recover(digest: string): Promise<boolean> {
    const path = this.pathOf(digest);
    try {
      return await this.#trash.giveBack(digest, path);
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async pruneDiscarded(before: number, maxBytes: number): Promise<number> {
    try {
      return await this.#trash.prune(await this.#names(this.#discarded), before, maxBytes);
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async *list(): ReturnType<BlobDriver['list']> {
    this.#proveItself();
    for (const outer of await this.#names(this.#root)) {
      if (!SHARD.test(outer)) continue;
      for (const inner of await this.#names(join(this.#root, outer))) {
        if (!SHARD.test(inner)) continue;
        for (const digest of await this.#names(join(this.#root, outer, inner))) {
          if (!isDigest(digest) || !digest.startsWith(outer + inner)) continue;
          const found = await this.#describe(this.pathOf(digest));
          if (found !== undefined) yield { digest, ...found };
        }
      }
    }
  }

  async sweepStages(): Promise<number> {
    try {
      const names = await this.#names(this.#stages);
      for (const name of names)
        await this.#files.rm(join(this.#stages, name), { force: true, recursive: true });
      return names.length;
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async check(): Promise<void> {
    const stage = await this.stage();
    try {
      await stage.write(Uint8Array.of(1));
    } finally {
      await stage.discard();
    }
    await this.#names(this.#root);
  }

  /** Absence counts only in a store that is itself. */
  #absent(): undefined {
    this.#proveItself();
  }

  #proveItself(): void {
    if (this.#marker === undefined) return;
    try {
      if (statSync(this.#marker, { throwIfNoEntry: false }) !== undefined) return;
    } catch (error) {
      throw toStorageError(error);
    }
    throw new AppError(
      'storage_failed',
      'The folder that holds the images is not the store: it may not be mounted.',
    );
  }

  async #publish(from: string, digest: string): Promise<void> {
    const to = this.pathOf(digest);
    const shard = dirname(to);
    await this.#makeShard(shard);
    // In place of a copy: readers see the old file, the new one or none, never half of one. It also replaces a damaged
    // file of the same digest, which "keep what is there" would not.
    await this.#files.rename(from, to);
    // Without this, the caller writes the row, the machine crashes, and the name is gone: a row without bytes.
    await syncDirectory(this.#files, shard);
  }

  /**
   * Makes a shard whose name survives a crash. Its parents are synced even when another writer made it: that one may not
   * have synced them yet, and a crash would take the new shard with everything in it.
   */
  async #makeShard(shard: string): Promise<void> {
    const changed = await makeDirectory(this.#files, shard);
    if (changed.length === 0 && this.#durable.has(shard)) return;
    const parents = new Set([...changed, ...pathsBetween(this.#root, dirname(shard))]);
    for (const path of parents) await syncDirectory(this.#files, path);
    this.#durable.add(shard);
  }

  /** The file of a blob. The digest becomes part of a path, so its form is checked here although the caller guarantees it. */
  pathOf(digest: string): string {
    if (!isDigest(digest))
      throw new AppError('storage_failed', 'A blob was asked for by something that is no digest.');
    return join(this.#root, digest.slice(0, 2), digest.slice(2, 4), digest);
  }

  /** The names in a directory; none when it is missing or no directory. */
  async #names(directory: string): Promise<readonly string[]> {
    try {
      return await this.#files.readdir(directory);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return [];
      throw toStorageError(error);
    }
  }

  /** Undefined when it is no file, or was deleted since its name was read. */
  async #describe(path: string): Promise<{ size: number; modifiedAt: number } | undefined> {
    try {
      const stats = await this.#files.stat(path);
      return stats.isFile() ? { size: stats.size, modifiedAt: stats.mtimeMs } : undefined;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw toStorageError(error);
    }
  }
}
