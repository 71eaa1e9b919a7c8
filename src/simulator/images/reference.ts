import { type Bytes, sha256, toHex } from '../util/bytes.ts';
import type { Size } from '../vendor/size.ts';
import { findImageSize, looksLikeImage } from './image-header.ts';

/** One reference image as the model sees it. */
export interface Reference {
  /** SHA-256 of the bytes in hex, however they came. */
  readonly digest: string;
  /** Absent when the format is not understood. */
  readonly size: Size | undefined;
}

/** What an image drawn from these bytes depends on; undefined when they are no image. */
export async function describeImage(bytes: Bytes): Promise<Reference | undefined> {
  if (!looksLikeImage(bytes)) return undefined;
  return { digest: toHex(await sha256(bytes)), size: findImageSize(bytes) };
}
