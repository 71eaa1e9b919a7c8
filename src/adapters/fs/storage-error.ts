import { AppError } from '../../core/errors.ts';

/** Nothing can be written now: the disk is full, the user's share of it is, a file may not grow, or it is read-only. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']);

/** The system's error code (`ENOENT` …), if it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Turns a failed file operation into an `AppError`. Paths stay in `cause`, for the log. */
export function toStorageError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = errorCode(error);
  if (code !== undefined && FULL.has(code)) {
    return new AppError(
      'storage_full',
      'The disk that holds the images is full, over a quota or read-only.',
      { cause: error },
    );
  }
  return new AppError('storage_failed', 'The folder that holds the blobs cannot be used.', { cause: error });
}
