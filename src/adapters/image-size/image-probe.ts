import { BMP } from 'image-size/types/bmp';
import { GIF } from 'image-size/types/gif';
import { PNG } from 'image-size/types/png';
import { TIFF } from 'image-size/types/tiff';
import { WEBP } from 'image-size/types/webp';
import type { BlobMediaType } from '../../core/entries/blob.ts';
import type { ImageInfo, ImageProbe } from '../../ports/image-probe.ts';
import { avifSize } from './avif-size.ts';
import { jpegSize } from './jpeg-size.ts';
import { sniffMediaType } from './media-type.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The formats by name instead of image-size's own detection: that one takes any byte before `PNG`, knows SVG and icons,
 * and gives up on input that merely resembles a format.
 */
const READERS: Readonly<Record<BlobMediaType, (head: Uint8Array) => Size | undefined>> = {
  'image/png': PNG.calculate,
  'image/jpeg': jpegSize,
  'image/webp': WEBP.calculate,
  'image/gif': GIF.calculate,
  'image/bmp': BMP.calculate,
  'image/tiff': TIFF.calculate,
  'image/avif': avifSize,
};

/** JPEG's and GIF's own bound; an image beyond it in another format is a decompression bomb or a misread header. */
const MAX_PIXELS_PER_SIDE = 65_535;

/** Reads headers with the image-size package. TIFF files whose directory lies behind the leading bytes stay unknown. */
export const imageProbe: ImageProbe = {
  probe(head) {
    const mediaType = sniffMediaType(head);
    if (mediaType === undefined) return undefined;
    // In a buffer of its own: image-size's reads are bounded by the buffer and not by the view, so that a header cut off
    // would be completed with whatever lies behind it.
    const size = sizeOrUndefined(READERS[mediaType], new Uint8Array(head));
    return size !== undefined && isSide(size.width) && isSide(size.height)
      ? info(mediaType, size)
      : undefined;
  },
};

/** image-size throws errors of several kinds on what it cannot read; here they all mean "no image". */
function sizeOrUndefined(read: (head: Uint8Array) => Size | undefined, head: Uint8Array): Size | undefined {
  try {
    return read(head);
  } catch {
    return undefined;
  }
}

function info(mediaType: BlobMediaType, size: Size): ImageInfo {
  return { mediaType, width: size.width, height: size.height };
}

function isSide(pixels: number): boolean {
  return Number.isInteger(pixels) && pixels > 0 && pixels <= MAX_PIXELS_PER_SIDE;
}
