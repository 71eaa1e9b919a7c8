import { type Bytes, sha256, utf8 } from '../util/bytes.ts';
import type { GenerationRequest } from '../vendor/generation-request.ts';
import type { Size } from '../vendor/size.ts';
import type { Reference } from './reference.ts';

/** One drawn image: kept as the few bytes it can be painted from again. */
export interface DrawnImage extends Size {
  /** Key of the object in the result bucket: the URL's path without its first slash. */
  readonly objectKey: string;
  /** 32 bytes that decide every pixel. */
  readonly essence: Bytes;
  readonly createdAt: number;
}

/** What the pixels depend on: the request as the model reads it, the seed drawn for it and the image's index. */
export async function essenceOf(
  request: GenerationRequest,
  references: readonly Reference[],
  size: Size,
  seed: number,
  index: number,
): Promise<Bytes> {
  const extras = Object.entries(request.extras).sort(([a], [b]) => (a < b ? -1 : 1));
  const described = [
    request.model,
    request.prompt,
    request.negativePrompt,
    size.width,
    size.height,
    seed,
    index,
    request.promptExtend,
    extras,
    references.map((reference) => reference.digest),
  ];
  return sha256(utf8(JSON.stringify(described)));
}
