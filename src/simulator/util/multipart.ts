import { type Bytes, concat, utf8 } from './bytes.ts';

const MAX_HEADER_BYTES = 16 * 1024;
const decoder = new TextDecoder();

/** A body that is no multipart/form-data (RFC 7578). */
export class MalformedForm extends Error {
  override readonly name = 'MalformedForm';
}

/** One part of a form. Its content is read to its end before the next part is asked for, or not at all. */
export interface FormPart {
  readonly name: string;
  /** Set for files. */
  readonly filename: string | undefined;
  readonly content: AsyncGenerator<Bytes>;
}

/** The boundary that a Content-Type header names. */
export function findBoundary(contentType: string): string | undefined {
  const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** The parts of a form as they arrive; no more of a file is in memory than the chunk in hand. Throws MalformedForm. */
export async function* readForm(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<FormPart> {
  // The first delimiter lacks the line break that the others begin with.
  const reader = new DelimitedReader(body, utf8('\r\n'));
  const delimiter = utf8(`\r\n--${boundary}`);
  for await (const _ of reader.upTo(delimiter)) {
    // RFC 2046 allows a preamble, which is to be ignored.
  }
  while (decoder.decode(await reader.take(2)) === '\r\n') {
    const headers = decoder.decode(concat(await collect(reader.upTo(utf8('\r\n\r\n')), MAX_HEADER_BYTES)));
    const name = /;\s*name="([^"]*)"/i.exec(headers)?.[1];
    if (name === undefined) throw new MalformedForm('a part has no name');
    const content = reader.upTo(delimiter);
    yield { name, filename: /;\s*filename="([^"]*)"/i.exec(headers)?.[1], content };
    for await (const _ of content) {
      // Whoever asked for the next part did not want this one.
    }
  }
}

/** Everything that some chunks hold, as text of at most `maxBytes`. Throws MalformedForm beyond. */
export async function readFieldText(content: AsyncGenerator<Bytes>, maxBytes: number): Promise<string> {
  return decoder.decode(concat(await collect(content, maxBytes)));
}

async function collect(content: AsyncGenerator<Bytes>, maxBytes: number): Promise<Bytes[]> {
  const chunks: Bytes[] = [];
  let length = 0;
  for await (const chunk of content) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new MalformedForm('a field or header is too long');
    chunks.push(chunk);
  }
  return chunks;
}

/** Reads a stream of bytes from delimiter to delimiter. */
class DelimitedReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer: Bytes;

  constructor(source: AsyncIterable<Uint8Array>, start: Bytes) {
    this.#source = source[Symbol.asyncIterator]();
    this.#buffer = start;
  }

  /** Exactly `count` bytes. */
  async take(count: number): Promise<Bytes> {
    while (this.#buffer.byteLength < count) await this.#more();
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  /** What comes before the delimiter, which is consumed. */
  async *upTo(delimiter: Bytes): AsyncGenerator<Bytes> {
    for (;;) {
      const found = indexOf(this.#buffer, delimiter);
      if (found >= 0) {
        const rest = this.#buffer.subarray(0, found);
        this.#buffer = this.#buffer.subarray(found + delimiter.byteLength);
        if (rest.byteLength > 0) yield rest;
        return;
      }
      // The delimiter may have begun at the end of what is here.
      const safe = Math.max(0, this.#buffer.byteLength - delimiter.byteLength + 1);
      const chunk = this.#buffer.subarray(0, safe);
      this.#buffer = this.#buffer.subarray(safe);
      if (chunk.byteLength > 0) yield chunk;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done) throw new MalformedForm('the form ends too early');
    this.#buffer = concat([this.#buffer, value]);
  }
}

function indexOf(bytes: Bytes, wanted: Bytes): number {
  for (let at = bytes.indexOf(wanted[0] ?? 0); at >= 0; at = bytes.indexOf(wanted[0] ?? 0, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
