import type { BlobMediaType } from './blob.ts';

/** How many of an image's last bytes `looksComplete` wants to see. */
export const TAIL_BYTES = 4096;

/** An IEND chunk is always these bytes: length 0, type, CRC (PNG third edition, 11.2.5). */
const PNG_END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);
/** End of image (ITU T.81, table B.1). */
const JPEG_END = Uint8Array.of(0xff, 0xd9);

/**
 * False when an image was certainly cut off: its format has an end that can be seen, and it is not there. It is a check
 * of the outer form, for downloads without a declared length; it decodes nothing. Encoders may append a little after the
 * end, so it is sought in the whole tail.
 *
 * `tail` is the last `TAIL_BYTES` bytes or all of them, `head` the leading ones, `size` the bytes in all.
 */
export function looksComplete(
  mediaType: BlobMediaType,
  tail: Uint8Array,
  size: number,
  head: Uint8Array,
): boolean {
  switch (mediaType) {
    case 'image/png':
      return contains(tail, PNG_END);
    case 'image/jpeg':
      return contains(tail, JPEG_END);
    case 'image/gif':
      return endsInTrailer(tail);
    case 'image/webp':
      return riffSize(head) <= size;
    case 'image/bmp':
    case 'image/tiff':
    case 'image/avif':
      return true;
  }
}

/** GIF89a: the last block's terminator (0), then the trailer (`;`, section 27); zeros after it are padding. */
function endsInTrailer(tail: Uint8Array): boolean {
  const last = tail.findLastIndex((byte) => byte !== 0);
  return tail[last] === 0x3b && tail[last - 1] === 0;
}

/** Bytes of the whole file by its RIFF header: the length at offset 4 counts what follows it. */
function riffSize(head: Uint8Array): number {
  if (head.length < 8) return Number.POSITIVE_INFINITY;
  return 8 + new DataView(head.buffer, head.byteOffset, head.length).getUint32(4, true);
}

function contains(bytes: Uint8Array, wanted: Uint8Array): boolean {
  const last = bytes.length - wanted.length;
  for (let start = 0; start <= last; start += 1) {
    if (wanted.every((byte, index) => bytes[start + index] === byte)) return true;
  }
  return false;
}
