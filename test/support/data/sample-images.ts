import { crc32, deflateSync } from 'node:zlib';
import { concatBytes } from '../../../src/core/bytes/concat-bytes.ts';
import type { BlobMediaType } from '../../../src/core/entries/blob.ts';
import type { ImageInfo } from '../../../src/ports/image-probe.ts';

/** An image's bytes and what is to be found in them. */
export interface SampleImage extends ImageInfo {
  readonly bytes: Uint8Array;
}

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const u16be = (value: number) => Uint8Array.of(value >> 8, value & 255);
const u16le = (value: number) => Uint8Array.of(value & 255, value >> 8);
const u32be = (value: number) => concatBytes([u16be(value >>> 16), u16be(value & 0xffff)]);
const u32le = (value: number) => concatBytes([u16le(value & 0xffff), u16le(value >>> 16)]);
const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

/** A decodable PNG, 8-bit grey, whose rows are filled with `fill(row)`. */
export function png(width: number, height: number, fill: (row: number) => number = () => 0): Uint8Array {
  const rows = Array.from({ length: height }, (_, row) => new Uint8Array(width + 1).fill(fill(row), 1));
  return concatBytes([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    pngChunk('IHDR', concatBytes([u32be(width), u32be(height), Uint8Array.of(8, 0, 0, 0, 0)])),
    pngChunk('IDAT', deflateSync(concatBytes(rows), { level: 0 })),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}

function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const typed = concatBytes([ascii(type), data]);
  return concatBytes([u32be(data.length), typed, u32be(crc32(typed))]);
}

/** The segments that a reader of headers meets, with metadata before the frame header. */
export function jpeg(width: number, height: number): Uint8Array {
  const frame = [Uint8Array.of(8), u16be(height), u16be(width), Uint8Array.of(1, 1, 0x11, 0)];
  return concatBytes([
    Uint8Array.of(0xff, 0xd8),
    jpegSegment(0xe0, ascii('JFIF\0\x01\x01\0\0\x01\0\x01\0\0')),
    jpegSegment(0xe2, new Uint8Array(3000)),
    jpegSegment(0xc0, concatBytes(frame)),
    jpegSegment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
    new Uint8Array(64).fill(0x5a),
    Uint8Array.of(0xff, 0xd9),
  ]);
}

function jpegSegment(marker: number, data: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(0xff, marker), u16be(data.length + 2), data]);
}

export function bmp(width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(Math.ceil((width * 3) / 4) * 4 * height);
  return concatBytes([
    ascii('BM'),
    u32le(54 + pixels.length),
    u32le(0),
    u32le(54),
    u32le(40),
    u32le(width),
    u32le(height),
    u16le(1),
    u16le(24),
    new Uint8Array(24),
    pixels,
  ]);
}

export function tiff(width: number, height: number): Uint8Array {
  const entry = (tag: number, value: number) => concatBytes([u16le(tag), u16le(3), u32le(1), u32le(value)]);
  const entries = [entry(256, width), entry(257, height), entry(258, 8), entry(259, 1)];
  return concatBytes([
    ascii('II*\0'),
    u32le(8),
    u16le(entries.length),
    ...entries,
    u32le(0),
    new Uint8Array(8),
  ]);
}

/** One box of ISO media (ISO/IEC 14496-12, 4.2). */
export function box(type: string, ...content: Uint8Array[]): Uint8Array {
  const data = concatBytes(content);
  return concatBytes([u32be(data.length + 8), ascii(type), data]);
}

/** `ftyp` with these brands and a `meta` with one `ispe` for each size. */
export function isoImage(
  brands: readonly string[],
  ...sizes: readonly (readonly [number, number])[]
): Uint8Array {
  const [major = '', ...compatible] = brands;
  const extents = sizes.map(([width, height]) => box('ispe', u32be(0), u32be(width), u32be(height)));
  const properties = box('iprp', box('ipco', box('pixi', new Uint8Array(8)), ...extents));
  const hdlr = box('hdlr', new Uint8Array(24));
  return concatBytes([
    box('ftyp', ascii(major), u32be(0), ...compatible.map(ascii)),
    box('meta', u32be(0), hdlr, properties),
    box('mdat', new Uint8Array(40)),
  ]);
}

const GIF = base64('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7');
const WEBP = base64('UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA');
export const LOSSLESS_WEBP = base64('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==');

const sample = (mediaType: BlobMediaType, width: number, height: number, bytes: Uint8Array): SampleImage => ({
  mediaType,
  width,
  height,
  bytes,
});

/** One complete image of every format that is stored. */
export const SAMPLE_IMAGES: readonly SampleImage[] = [
  sample('image/png', 24, 17, png(24, 17)),
  sample('image/jpeg', 640, 481, jpeg(640, 481)),
  sample('image/webp', 1, 1, WEBP),
  sample('image/gif', 1, 1, GIF),
  sample('image/bmp', 9, 4, bmp(9, 4)),
  sample('image/tiff', 300, 200, tiff(300, 200)),
  sample('image/avif', 1024, 768, isoImage(['avif', 'mif1', 'miaf'], [1024, 768])),
];
