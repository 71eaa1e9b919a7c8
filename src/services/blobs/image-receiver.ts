import { looksComplete } from '../../core/entries/image-integrity.ts';
import { AppError } from '../../core/errors.ts';
import type { BlobStage } from '../../ports/blob-driver.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { ImageInfo, ImageProbe } from '../../ports/image-probe.ts';
import { HeadAndTail } from './head-and-tail.ts';

/** Bounds of an image on its way in, in bytes. */
export interface ImageLimits {
  readonly maxBytes: number;
  /** The length that the sender declared, if it did. */
  readonly declaredBytes?: number | undefined;
}

/** What is known of an image once all of its bytes have passed. */
export interface ReceivedImage extends ImageInfo {
  /** SHA-256, 64 lower-case hex digits. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Passes an image's bytes to a stage and judges them on the way, with little of them in memory: bound, declared length,
 * format, outer completeness. Throws `image_too_large` beyond the bound and `upstream_invalid` for what else cannot be kept; the source's and the stage's errors pass
 * unchanged. On failure the stage is discarded and the source ended.
 *
 * The stage is opened with the first chunk: a source whose iteration has not begun could not be ended if that failed.
 */
export async function receiveImage(
  chunks: AsyncIterable<Uint8Array>,
  openStage: () => Promise<BlobStage>,
  limits: ImageLimits,
  hasher: Hasher,
  probe: ImageProbe,
): Promise<{ readonly image: ReceivedImage; readonly stage: BlobStage }> {
  const { maxBytes, declaredBytes } = limits;
  const hash = hasher.sha256();
  const ends = new HeadAndTail();
  let stage: BlobStage | undefined;
  try {
    for await (const chunk of chunks) {
      ends.add(chunk);
      // Judged by the declaration first: there is no point in reading what will be refused.
      if (Math.max(ends.size, declaredBytes ?? 0) > maxBytes) {
        throw new AppError('image_too_large', `The image is larger than ${maxBytes} bytes.`);
      }
      hash.update(chunk);
      stage ??= await openStage();
      await stage.write(chunk);
    }
    const info = judge(ends, declaredBytes, probe);
    if (stage === undefined) throw noImage();
    return { image: { ...info, digest: await hash.digest(), size: ends.size }, stage };
  } catch (error) {
    await stage?.discard();
    throw error;
  }
}

function judge(ends: HeadAndTail, declaredBytes: number | undefined, probe: ImageProbe): ImageInfo {
  if (declaredBytes !== undefined && ends.size !== declaredBytes) {
    throw new AppError(
      'upstream_invalid',
      `The image ended after ${ends.size} bytes, but ${declaredBytes} were declared.`,
    );
  }
  const head = ends.head();
  const info = probe.probe(head);
  if (info === undefined) throw noImage();
  if (!looksComplete(info.mediaType, ends.tail(), ends.size, head)) {
    throw new AppError('upstream_invalid', `The image is cut off: its ${info.mediaType} data has no end.`);
  }
  return info;
}

function noImage(): AppError {
  return new AppError(
    'upstream_invalid',
    'What came is no image in PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF.',
  );
}
