import type { BlobMediaType } from '../../core/entries/blob.ts';

/** Leading bytes of each format as hex digits; two dots stand for any byte. */
const SIGNATURES: readonly (readonly [pattern: RegExp, mediaType: BlobMediaType])[] = [
  // The header chunk must come first (PNG third edition, 5.6). Apple's variant has `CgBI` there, and browsers refuse it.
  [/^89504e470d0a1a0a0000000d49484452/, 'image/png'],
  [/^ffd8ff/, 'image/jpeg'],
  // `RIFF….WEBPVP8`, then what a lossy frame, a lossless one or the extended header starts with (RFC 9649).
  [/^52494646.{8}57454250565038(?:20.{14}9d012a|4c.{8}2f|580a000000)/, 'image/webp'],
  [/^474946383[79]61/, 'image/gif'],
  // `BM` alone begins many a text: reserved fields that are zero and an information header of a known size belong to it.
  // The OS/2 header of 12 bytes is left out: its dimensions stand elsewhere.
  [/^424d.{8}00000000.{8}(?:28|34|38|40|6c|7c)000000/, 'image/bmp'],
  [/^(?:4949(?:2a|2b)00|4d4d00(?:2a|2b))/, 'image/tiff'],
  // An `ftyp` box that names `avif` or `avis` among its brands (ISO/IEC 14496-12, 4.3). The major brand may be `mif1`;
  // HEIC has the same boxes, but neither brand.
  [/^.{8}66747970(?:.{16}(?:.{8})*?)?617669(?:66|73)/, 'image/avif'],
];

/** Enough for every signature, and for the brands of any real AVIF file. */
const SIGNATURE_BYTES = 128;

/** The format by its magic bytes; undefined when it is none of those that are served. */
export function sniffMediaType(head: Uint8Array): BlobMediaType | undefined {
  const hex = Array.from(leading(head), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return SIGNATURES.find(([pattern]) => pattern.test(hex))?.[1];
}

/** The bytes to search for the signature: of ISO media only the first box, since brands stand nowhere else. */
function leading(head: Uint8Array): Uint8Array {
  const isIsoMedia = String.fromCharCode(...head.subarray(4, 8)) === 'ftyp';
  const firstBox = isIsoMedia
    ? new DataView(head.buffer, head.byteOffset, head.length).getUint32(0)
    : Number.POSITIVE_INFINITY;
  return head.subarray(0, Math.min(SIGNATURE_BYTES, firstBox));
}
