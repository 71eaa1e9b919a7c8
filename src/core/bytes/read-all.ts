import { AppError } from '../errors.ts';
import { concatBytes } from './concat-bytes.ts';

/** All chunks in one piece. `tooLarge` is thrown as soon as they exceed `maxBytes`. */
export async function readAll(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes = Number.POSITIVE_INFINITY,
  tooLarge: () => AppError = () => new AppError('internal', 'too many bytes'),
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge();
    parts.push(chunk);
  }
  return concatBytes(parts);
}
