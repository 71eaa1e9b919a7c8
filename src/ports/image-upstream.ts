import type { HeaderList } from '../core/headers.ts';

/** One generation, ready to be sent: what was hashed is what is sent. */
export interface GenerationCall {
  /** Path from `/api/v1` on. */
  readonly path: string;
  /** The client's headers that mean something to the vendor. */
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** The key that pays. */
  readonly apiKey: string;
  /** Asks for the answer as a stream, and is given it as it comes. */
  readonly live?: StreamSink | undefined;
  /** Its body with temporary uploads made anew, for when the vendor has lost one; absent where it names none of ours. */
  readonly renewedBody?: (() => Promise<Uint8Array>) | undefined;
}

/**
 * Where the bytes of a streamed answer go while it is collected: `begin` once, `write` for every chunk, then `end` or
 * `fail`; nothing at all when the answer is no stream. Never throws and never waits: a purchase is not held up by its reader.
 */
export interface StreamSink {
  begin(headers: HeaderList): void;
  write(chunk: Uint8Array): void;
  end(): void;
  /** The stream broke off. */
  fail(cause: unknown): void;
}

/** What upstream said, whole and without the headers that tell about accounts and timing. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Drawn by the simulator: never to be stored as a real site's image. */
  readonly simulated: boolean;
  /** True when it was collected from a stream: it has been passed on already, and must not be asked for again. */
  readonly streamed?: boolean;
}

/** The vendor's API. */
export interface ImageUpstream {
  /** Sends once. Rejects with `TransportError`, with `AppError` `upstream_invalid`, or with the signal's reason. */
  generate(call: GenerationCall, signal: AbortSignal): Promise<UpstreamAnswer>;
  /** How a task of the vendor's stands. Rejections as above. */
  poll(taskId: string, apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer>;
  /** Asks the vendor to drop a task; it does so only while the task is pending. Rejections as above. */
  cancel(taskId: string, apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer>;
  /** One page of the account's tasks, by the vendor's own query. `via` tells who asked already (RFC 8586). */
  list(query: string, apiKey: string, signal: AbortSignal, via: HeaderList): Promise<UpstreamAnswer>;
  /** Whether the vendor accepts this key, asked with a request that costs nothing. Rejections as above. */
  prove(apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer>;
}
