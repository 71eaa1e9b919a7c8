import { concatBytes } from './concat-bytes.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const VALUES = new Uint8Array(256).fill(255);
for (const [value, char] of [...ALPHABET].entries()) VALUES[char.charCodeAt(0)] = value;

/** Standard base64 (RFC 4648 section 4), padded or not; undefined when it is not that. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const length = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
  const isPadded = length < text.length;
  if (length % 4 === 1 || (isPadded && text.length % 4 !== 0)) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (let index = 0; index < length; index += 1) {
    const value = VALUES[text.charCodeAt(index)] ?? 255;
    // charCodeAt beyond the table gives undefined: no base64 either.
    if (value === 255) return undefined;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 255;
      at += 1;
    }
  }
  return bytes;
}

const CODES = new TextEncoder().encode(ALPHABET);
const PADDING = 61;
const ASCII = new TextDecoder('latin1');

/** Padded standard base64. */
export function encodeBase64(bytes: Uint8Array): string {
  return ASCII.decode(base64Codes(bytes));
}

/** Divides by three, so that only the last piece is padded. */
const PIECE_BYTES = 48 * 1024;

/** The same as ASCII, piece by piece as the bytes come. */
export async function* base64Pieces(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let rest = new Uint8Array();
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const bytes = concatBytes([rest, chunk.subarray(at, at + PIECE_BYTES)]);
      const whole = bytes.length - (bytes.length % 3);
      rest = bytes.slice(whole);
      yield base64Codes(bytes.subarray(0, whole));
    }
  }
  if (rest.length > 0) yield base64Codes(rest);
}

function base64Codes(bytes: Uint8Array): Uint8Array {
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    const rest = bytes.length - index;
    const held = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text[at] = CODES[held >> 18] ?? 0;
    text[at + 1] = CODES[(held >> 12) & 63] ?? 0;
    text[at + 2] = rest > 1 ? (CODES[(held >> 6) & 63] ?? 0) : PADDING;
    text[at + 3] = rest > 2 ? (CODES[held & 63] ?? 0) : PADDING;
    at += 4;
  }
  return text;
}
