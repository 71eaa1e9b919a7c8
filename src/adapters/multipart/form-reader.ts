import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import { AppError } from '../../core/errors.ts';
import type { FormPart, FormReader } from '../../ports/multipart.ts';
import { ByteMark } from './byte-mark.ts';
import { ByteSource } from './byte-source.ts';
import { readParameters } from './parameters.ts';
import { readPartHead } from './part-head.ts';

/** Upload forms have ten fields, the longest a policy of a kilobyte. */
const MAX_FIELD_BYTES = 64 * 1024;
const MAX_FIELDS = 64;
const MAX_PARTS = 80;
const MAX_HEAD_BYTES = 16 * 1024;

const LINE_END = bytesOf('\r\n');
const HEAD_END = new ByteMark(bytesOf('\r\n\r\n'));

/** RFC 2046 section 5.1.1 allows 70 characters, all of ASCII. */
const BOUNDARY = /^[ -~]{1,70}$/;

/**
 * Multipart forms (RFC 7578) with nothing but the language, on every runtime. Workers parse forms themselves, but only as a
 * whole and in memory. Of the packages, busboy 1.6.0 needs Node and never ends on some malformed heads; multipasta 0.2.8
 * misreads forms cut in unlucky places.
 */
export const portableForms: FormReader = { read: readForm };

async function* readForm(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<FormPart, void, undefined> {
  // Every boundary begins a line, even the first one.
  const source = new ByteSource(LINE_END, body);
  try {
    const boundary = findBoundary(contentType);
    if (boundary === undefined)
      throw malformed('The body is not declared as multipart/form-data with a boundary.');
    yield* readParts(source, new ByteMark(bytesOf(`\r\n--${boundary}`)));
  } finally {
    await source.drain();
  }
}

async function* readParts(source: ByteSource, boundary: ByteMark): AsyncGenerator<FormPart, void, undefined> {
  for await (const _ of source.until(boundary, cutOff)) {
    // Bytes before the first boundary mean nothing (RFC 2046 section 5.1.1).
  }
  let fields = 0;
  for (let parts = 0; !(await isLast(source)); parts += 1) {
    if (parts === MAX_PARTS) throw malformed('The form has too many parts.');
    const head = await collect(source, HEAD_END, MAX_HEAD_BYTES, 'The head of a part is too long.');
    const { name, filename } = readPartHead(head);
    const content = source.until(boundary, cutOff);
    if (filename !== undefined) {
      yield { kind: 'file', name, filename, content: unlessLeft(content) };
      for await (const _ of content) {
        // Skip what the caller left unread.
      }
      continue;
    }
    fields += 1;
    if (fields > MAX_FIELDS) throw malformed('The form has too many fields.');
    const value = await collect(source, boundary, MAX_FIELD_BYTES, `The field ${name} is too long.`);
    yield { kind: 'field', name, value: new TextDecoder().decode(value) };
  }
}

/** Lets a caller stop early without ending the content itself. */
function unlessLeft(content: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => ({ next: () => content.next() }) };
}

/** Reads what follows a boundary: the end of the form, or a line end and another part. */
async function isLast(source: ByteSource): Promise<boolean> {
  const text = new TextDecoder().decode(await source.take(2));
  if (text !== '--' && text !== '\r\n') throw cutOff();
  return text === '--';
}

async function collect(
  source: ByteSource,
  mark: ByteMark,
  maxBytes: number,
  tooLong: string,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of source.until(mark, cutOff)) {
    size += piece.length;
    if (size > maxBytes) throw malformed(tooLong);
    pieces.push(piece);
  }
  return concatBytes(pieces);
}

function findBoundary(contentType: string): string | undefined {
  const { value, parameters } = readParameters(contentType) ?? {};
  const boundary = value === 'multipart/form-data' ? parameters?.get('boundary') : undefined;
  return boundary === undefined || !BOUNDARY.test(boundary) ? undefined : boundary;
}

function cutOff(): AppError {
  return malformed('The form is cut off or malformed.');
}

function malformed(message: string): AppError {
  return new AppError('invalid_request', message);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
