import { AppError } from '../../core/errors.ts';
import type { HeaderList } from '../../core/headers.ts';
import type { StreamSink } from '../../ports/image-upstream.ts';

/**
 * A stream on its way from a purchase to the one client that watches it. The two are independent: when the client leaves,
 * the purchase goes on; when it reads too slowly, what waits for it grows to `maxBytes`, and then it is broken off.
 */
export class LiveStream implements StreamSink {
  /** Resolves with upstream's headers when there is a stream. */
  readonly begun: Promise<HeaderList>;
  readonly #maxBytes: number;
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #failure: { readonly cause: unknown } | undefined;
  #begin: (headers: HeaderList) => void = () => {};
  #wake: () => void = () => {};

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  begin(headers: HeaderList): void {
    this.#begin(headers);
  }

  write(chunk: Uint8Array): void {
    if (this.#ended) return;
    if (this.#bytes + chunk.byteLength > this.#maxBytes) {
      this.#drop();
      this.fail(new AppError('overloaded', `The client is ${this.#maxBytes} bytes behind its stream.`));
      return;
    }
    this.#bytes += chunk.byteLength;
    this.#waiting.push(chunk);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(cause: unknown): void {
    if (!this.#ended) this.#failure = { cause };
    this.end();
  }

  /** The chunks as they were written, for one reader. Throws what the stream failed of, after what came before it. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#waiting.shift();
        if (chunk !== undefined) {
          this.#bytes -= chunk.byteLength;
          yield chunk;
        } else if (this.#ended) {
          if (this.#failure !== undefined) throw this.#failure.cause;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.#ended = true;
      this.#drop();
    }
  }

  #drop(): void {
    this.#waiting.length = 0;
    this.#bytes = 0;
  }
}
