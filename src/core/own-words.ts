import { AppError, isAppError } from './errors.ts';

/** The place of a reference image in what `toDashScope` makes of a wish. */
const REFERENCE_FIELD = /^input\.messages\[0\]\.content\[(\d+)\]\.image/;

/** A failure that names a reference image's field of the vendor's body names the dialect's own instead. */
export function inOwnWords(error: unknown, referenceField: (index: number) => string): unknown {
  if (!isAppError(error) || error.field === undefined) return error;
  const [, index] = REFERENCE_FIELD.exec(error.field) ?? [];
  if (index === undefined) return error;
  const field = referenceField(Number(index));
  const message = error.message.replace(error.field, field);
  return new AppError(error.code, message, { field, cause: error });
}

/** What `image.generate` calls a reference image: one has no index. */
export function generateReferenceField(count: number): (index: number) => string {
  return (index) => (count === 1 ? 'reference_image' : `reference_image[${index}]`);
}
