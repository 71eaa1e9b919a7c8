import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError, isAppError } from '../../core/errors.ts';
import { claimFolder } from './owner.ts';
import { readOrCreateSecret } from './secret.ts';
import { WAY_OUT } from './store-marker.ts';
import { findMissingPart, findParts, type StoreParts } from './store-parts.ts';

export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** 32 random bytes that stay the same for the folder's life: the key of fingerprints. */
  readonly secret: Uint8Array;
  /** What was there before the folder was opened. */
  readonly parts: StoreParts;
  /** Releases the folder, so that another process may open it. Calling it again does nothing. */
  release(): void;
}

export interface OpenFolderOptions {
  /** Goes on with what is there: a secret that is missing is made anew although rows or images are there. */
  readonly repairs?: boolean;
}

/**
 * Opens the folder of metadata and blobs for this process alone. Makes it (mode 0700) if it is missing.
 *
 * Throws `config` when another process has it (the message has its pid), when a part of it is missing, or when it cannot
 * be made, written or read. The operating system frees the folder of a process that dies in any way.
 */
export async function openDataFolder(folder: string, options: OpenFolderOptions = {}): Promise<DataFolder> {
  const path = resolve(folder);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const release = claimFolder(path);
    try {
      const parts = await findParts(path);
      const fault = options.repairs === true ? undefined : findMissingPart(parts);
      if (fault !== undefined) throw unfit(path, fault);
      return { path, secret: await readOrCreateSecret(path), parts, release };
    } catch (error) {
      release();
      throw error;
    }
  } catch (error) {
    if (isAppError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('config', `data folder ${path} cannot be opened: ${reason}`, { cause: error });
  }
}

/** A folder that is not opened, why, and the way out. */
export function unfit(path: string, fault: string, cause?: unknown): AppError {
  return new AppError('config', `data folder ${path} cannot be used: ${fault}. ${WAY_OUT}`, { cause });
}
