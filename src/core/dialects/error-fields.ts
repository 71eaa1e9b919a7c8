import { AppError, isAppError } from '../errors.ts';

/** What a dialect calls a reference image, by its place. */
export type ReferenceField = (index: number) => string;

/** Names for `count` reference images that stand in one field: a single one has no index. */
export function referenceFieldOf(field: string, count: number): ReferenceField {
  return (index) => (count === 1 ? field : `${field}[${index}]`);
}

/** The place of a reference image in what `toDashScope` makes of a wish. */
const REFERENCE_FIELD = /^input\.messages\[0\]\.content\[(\d+)\]\.image/;

/** A failure that names a reference image's field of the vendor's body names the dialect's own instead. */
export function inErrorFields(error: unknown, referenceField: ReferenceField): unknown {
  if (!isAppError(error) || error.field === undefined) return error;
  const [, index] = REFERENCE_FIELD.exec(error.field) ?? [];
  if (index === undefined) return error;
  const field = referenceField(Number(index));
  const message = error.message.replace(error.field, field);
  return new AppError(error.code, message, { field, cause: error });
}
