import { dirname, join } from 'node:path';
import { type FileOperations, makeDirectory } from './files.ts';
import { errorCode } from './storage-error.ts';

/** Files that were taken out of the store and may have to come back. A rename in and a rename out. */
export class Trash {
  readonly #files: FileOperations;
  readonly #folder: string;

  constructor(files: FileOperations, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** Takes a file in under its name; a missing file is no error. */
  async take(path: string, name: string): Promise<void> {
    await makeDirectory(this.#files, this.#folder);
    await this.#move(path, join(this.#folder, name));
  }

  /** Gives a file back; false when it is not here. */
  async giveBack(name: string, path: string): Promise<boolean> {
    const held = join(this.#folder, name);
    if ((await this.#timeAndSize(held)) === undefined) return false;
    await makeDirectory(this.#files, dirname(path));
    return await this.#move(held, path);
  }

  /** Deletes what came in before a time, and the oldest of what is beyond so many bytes; returns the bytes left. */
  async prune(names: readonly string[], before: number, maxBytes: number): Promise<number> {
    const held: { readonly name: string; readonly at: number; readonly size: number }[] = [];
    for (const name of names) {
      const found = await this.#timeAndSize(join(this.#folder, name));
      if (found !== undefined) held.push({ name, ...found });
    }
    held.sort((a, b) => b.at - a.at);
    let kept = 0;
    for (const { name, at, size } of held) {
      if (at >= before && kept + size <= maxBytes) kept += size;
      else await this.#files.rm(join(this.#folder, name), { force: true });
    }
    return kept;
  }

  async #move(from: string, to: string): Promise<boolean> {
    try {
      await this.#files.rename(from, to);
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** When it came in: renaming a file changes its status. */
  async #timeAndSize(path: string): Promise<{ readonly at: number; readonly size: number } | undefined> {
    try {
      const { ctimeMs, size } = await this.#files.stat(path);
      return { at: ctimeMs, size };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}
