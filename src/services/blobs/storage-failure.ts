import { isAppError } from '../../core/errors.ts';

/** True when our own store failed: nothing that another download or another picture could cure. */
export function isStorageFailure(error: unknown): boolean {
  return isAppError(error, 'storage_full') || isAppError(error, 'storage_failed');
}
