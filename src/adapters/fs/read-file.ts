import type { FileHandle } from 'node:fs/promises';
import type { ByteRange } from '../../core/bytes/range.ts';
import { AppError } from '../../core/errors.ts';
import type { FileOperations } from './files.ts';
import { toStorageError } from './storage-error.ts';

/** Measured on files of 1.5 MB: larger chunks are slower, and the default of 64 KiB is slower by a third. */
const CHUNK_BYTES = 256 * 1024;

/** Reads exactly the bytes of the range. Not into a pooled `Buffer`: whoever keeps the bytes would keep the pool. */
export async function readExactly(handle: FileHandle, range: ByteRange): Promise<Uint8Array> {
  const bytes = new Uint8Array(range.end - range.start + 1);
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, range.start + filled);
    if (bytesRead === 0) throw new AppError('storage_failed', 'A stored blob is shorter than it was.');
    filled += bytesRead;
  }
  return bytes;
}

/**
 * The bytes of the range, chunk by chunk. The file is opened by the first step and closed when the iteration ends, early
 * or not, so that a stream nobody reads holds no descriptor.
 */
export async function* streamFile(
  files: FileOperations,
  path: string,
  range: ByteRange,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const handle = await files.open(path, 'r');
    try {
      for (let start = range.start; start <= range.end; start += CHUNK_BYTES) {
        yield await readExactly(handle, { start, end: Math.min(start + CHUNK_BYTES - 1, range.end) });
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw toStorageError(error);
  }
}
