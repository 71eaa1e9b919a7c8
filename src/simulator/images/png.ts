import { type Bytes, concat, utf8 } from '../util/bytes.ts';
import type { Size } from '../vendor/size.ts';
import type { Compression } from './compression.ts';
import { CHANNELS, paintRows } from './painter.ts';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const FILTER_UP = 2;

/** A truecolour PNG (ISO 15948) of exactly this size whose image `essence` (32 bytes) decides. */
export async function renderPng(essence: Bytes, size: Size, compression: Compression): Promise<Bytes> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, size.width);
  header.setUint32(4, size.height);
  header.setUint8(8, 8);
  header.setUint8(9, 2);
  const data = await compression.zlib(filteredRows(essence, size));
  return concat([
    SIGNATURE,
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** Each row as its difference from the row above: what compresses well and fast for smooth images. */
function filteredRows(essence: Bytes, size: Size): Bytes {
  const stride = size.width * CHANNELS;
  const filtered = new Uint8Array((stride + 1) * size.height);
  const above = new Uint8Array(stride);
  let offset = 0;
  paintRows(essence, size, (row) => {
    filtered[offset++] = FILTER_UP;
    for (let index = 0; index < stride; index++) {
      const level = row[index] ?? 0;
      filtered[offset++] = level - (above[index] ?? 0);
      above[index] = level;
    }
  });
  return filtered;
}

function chunk(type: string, data: Uint8Array): Bytes {
  const content = concat([utf8(type), data]);
  const frame = new Uint8Array(content.byteLength + 8);
  const view = new DataView(frame.buffer);
  view.setUint32(0, data.byteLength);
  frame.set(content, 4);
  view.setUint32(frame.byteLength - 4, crc32(content));
  return frame;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  }
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
