import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy, { type Busboy } from 'busboy';
import { AppError } from '../../core/errors.ts';
import type { FormPart, FormReader } from '../../ports/multipart.ts';

/** Forms of uploads have ten fields, the longest a policy of a kilobyte. */
const LIMITS = { fieldSize: 64 * 1024, fields: 64, parts: 80, headerPairs: 32 };

const NAMELESS = 'A part of the form has no name.';

/** Multipart forms through busboy, for Node. */
export const busboyForms: FormReader = { read: readForm };

async function* readForm(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<FormPart, void, undefined> {
  const source = new Source(body);
  const parser = openParser(contentType);
  const arrivals = new Arrivals(parser, () => source.failure);
  const fed = pipeline(source.chunks(), parser).then(
    () => arrivals.end(undefined),
    (error: unknown) => arrivals.end(error),
  );
  try {
    for (let part = await arrivals.next(); part !== undefined; part = await arrivals.next()) yield part;
  } finally {
    arrivals.dropTheRest();
    await fed;
  }
}

function openParser(contentType: string): Busboy {
  try {
    return busboy({ headers: { 'content-type': contentType }, limits: LIMITS, defParamCharset: 'utf8' });
  } catch (cause) {
    throw malformed('The body is not declared as multipart/form-data with a boundary.', cause);
  }
}

/** A body that remembers how it failed: the parser tells every failure as an early end. */
class Source {
  readonly #body: AsyncIterable<Uint8Array>;
  failure: { readonly cause: unknown } | undefined;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#body;
    } catch (cause) {
      this.failure = { cause };
      throw cause;
    }
  }
}

/** Turns the parser's events into parts to wait for. They come in bursts of one chunk of the body. */
class Arrivals {
  readonly #waiting: { readonly part: FormPart; readonly file?: Readable }[] = [];
  readonly #findFailure: () => { readonly cause: unknown } | undefined;
  /** The file that was handed out last. */
  #file: Readable | undefined;
  #dropping = false;
  #ended: { readonly error: unknown } | undefined;
  #problem: AppError | undefined;
  #wake = () => {};

  constructor(parser: Busboy, findFailure: () => { readonly cause: unknown } | undefined) {
    this.#findFailure = findFailure;
    // Without a name it is undefined, whatever the types say.
    parser.on('field', (name: string | undefined, value, { valueTruncated }) => {
      if (name === undefined) this.#refuse(NAMELESS);
      else if (valueTruncated) this.#refuse(`The field ${name} is too long.`);
      else this.#add({ kind: 'field', name, value });
    });
    parser.on('file', (name: string | undefined, stream, { filename = '' }) => {
      // It fails with the form; whoever reads it learns of that by itself.
      stream.on('error', () => {});
      if (name === undefined) this.#refuse(NAMELESS);
      if (this.#dropping || name === undefined) stream.resume();
      else this.#add({ kind: 'file', name, filename, content: this.#contentOf(stream) }, stream);
    });
    parser.on('fieldsLimit', () => this.#refuse('The form has too many fields.'));
    parser.on('partsLimit', () => this.#refuse('The form has too many parts.'));
  }

  /** The next part; undefined at the end of the form. */
  async next(): Promise<FormPart | undefined> {
    this.#file?.resume();
    while (this.#waiting.length === 0 && this.#problem === undefined) {
      if (this.#ended?.error !== undefined) throw this.#failureOf(this.#ended.error);
      if (this.#ended !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    // First of all: what it is about is missing among those that wait.
    if (this.#problem !== undefined) throw this.#problem;
    const next = this.#waiting.shift();
    this.#file = next?.file;
    return next?.part;
  }

  end(error: unknown): void {
    this.#ended = { error };
    this.#wake();
  }

  dropTheRest(): void {
    this.#dropping = true;
    this.#file?.resume();
    for (const { file } of this.#waiting) file?.resume();
  }

  #add(part: FormPart, file?: Readable): void {
    this.#waiting.push(file === undefined ? { part } : { part, file });
    this.#wake();
  }

  #refuse(message: string): void {
    this.#problem ??= malformed(message);
    this.#wake();
  }

  async *#contentOf(stream: Readable): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      // A destroyed file would hold the parser up for ever.
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) yield chunk;
    } catch (error) {
      throw this.#failureOf(error);
    } finally {
      stream.resume();
    }
  }

  #failureOf(error: unknown): unknown {
    const failure = this.#findFailure();
    return failure === undefined ? malformed('The form is cut off or malformed.', error) : failure.cause;
  }
}

function malformed(message: string, cause?: unknown): AppError {
  return new AppError('invalid_request', message, { cause });
}
