import { AppError } from '../../core/errors.ts';

/** Runs the work; what R2 throws becomes `storage_failed`. R2 is never full. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('storage_failed', 'The object storage failed.', { cause });
  }
}
