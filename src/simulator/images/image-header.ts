import type { Size } from '../vendor/size.ts';

const signatures: readonly (readonly [offset: number, bytes: readonly number[]])[] = [
  [0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]], // PNG
  [0, [0xff, 0xd8, 0xff]], // JPEG
  [0, [0x47, 0x49, 0x46, 0x38]], // GIF
  [0, [0x42, 0x4d]], // BMP
  [0, [0x49, 0x49, 0x2a, 0x00]], // TIFF, little-endian
  [0, [0x4d, 0x4d, 0x00, 0x2a]], // TIFF, big-endian
  [8, [0x57, 0x45, 0x42, 0x50]], // WebP
];

/** True when the bytes begin like an image in a format that the vendor takes as a reference. */
export function looksLikeImage(bytes: Uint8Array): boolean {
  return signatures.some(([offset, signature]) =>
    signature.every((byte, index) => bytes[offset + index] === byte),
  );
}

/** Width and height from a PNG's or JPEG's header; undefined for other formats and for headers cut short. */
export function findImageSize(bytes: Uint8Array): Size | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 0x89 && bytes.byteLength >= 24) return sizeOf(view.getUint32(16), view.getUint32(20));
  if (bytes[0] === 0xff) return findJpegSize(view);
  return undefined;
}

function findJpegSize(view: DataView): Size | undefined {
  let offset = 2;
  while (offset + 9 <= view.byteLength && view.getUint8(offset) === 0xff) {
    const segment = view.getUint8(offset + 1);
    const startOfFrame = segment >= 0xc0 && segment <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(segment);
    if (startOfFrame) return sizeOf(view.getUint16(offset + 7), view.getUint16(offset + 5));
    offset += 2 + view.getUint16(offset + 2);
  }
  return undefined;
}

function sizeOf(width: number, height: number): Size | undefined {
  return width > 0 && height > 0 ? { width, height } : undefined;
}
