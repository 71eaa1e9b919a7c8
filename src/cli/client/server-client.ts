import { Agent, fetch, type RequestInit, type Response } from 'undici';
import { readEvents, type StreamEvent } from '../../core/dashscope/sse.ts';
import type { GenerateAnswerBody } from '../../http/image-generate/generate-schema.ts';
import { Failure } from '../failure.ts';
import { refused } from './error-body.ts';
import type { CacheServer } from './open-server.ts';
import { type ProgressEvent, readProgress } from './progress-event.ts';

/** A server's answer to a POST. */
export interface HttpAnswer {
  readonly status: number;
  /** `X-Cache`; undefined where the path is no front door. */
  readonly cache: string | undefined;
  /** True when `Cache-Status` says that the purchase is stored. */
  readonly isStored: boolean;
  readonly text: string;
}

/** The path of the normalised interface. */
export const GENERATE_PATH = '/v1/image.generate';

/** Speaks HTTP to a dashcache, for the commands. */
export class ServerClient {
  readonly origin: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #adminHeaders: Readonly<Record<string, string>>;
  /** Node's own fetch waits five minutes at most; queueing and drawing may take longer. */
  readonly #agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  constructor({ origin, apiKey, adminToken }: Pick<CacheServer, 'origin' | 'apiKey' | 'adminToken'>) {
    this.origin = origin;
    this.#headers = bearer(apiKey);
    this.#adminHeaders = bearer(adminToken ?? apiKey);
  }

  /** Sends JSON text unchanged. */
  async post(path: string, text: string): Promise<HttpAnswer> {
    return await this.#post(path, text, this.#headers);
  }

  /** Like `post`, for the admin API: with its token if there is one. */
  async postAsAdmin(path: string, text: string): Promise<HttpAnswer> {
    return await this.#post(path, text, this.#adminHeaders);
  }

  /** Reads from the admin API. */
  async getAsAdmin(path: string): Promise<Pick<HttpAnswer, 'status' | 'text'>> {
    const response = await this.#request(this.origin + path, { headers: this.#adminHeaders });
    return { status: response.status, text: await response.text() };
  }

  /** Sends an `image.generate` request and reports its progress. */
  async generate(text: string, onProgress: (event: ProgressEvent) => void): Promise<GenerateAnswerBody> {
    const response = await this.#request(this.origin + GENERATE_PATH, {
      method: 'POST',
      headers: { ...this.#headers, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: text,
    });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (!isStream || response.body === null) {
      const answer = await whole(this.origin, response.text());
      // Without anything to wait for the server may answer without a stream.
      if (response.ok) return parseAnswer(answer, this.origin);
      throw refused(response.status, answer, this.origin);
    }
    try {
      for await (const { event, data } of eventsOf(response.body)) {
        if (event === 'done') return parseAnswer(data, this.origin);
        if (event === 'error') throw refused(response.status, data, this.origin);
        const progress = readProgress(event, data);
        if (progress !== undefined) onProgress(progress);
      }
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      throw brokenOff(this.origin, cause);
    }
    throw brokenOff(this.origin);
  }

  /** Downloads an image from this server, or from upstream's URL if it could not be stored. */
  async download({ url, sha256 }: GenerateAnswerBody['images'][number]): Promise<Uint8Array> {
    // Not by its URL, which may be meant for other machines or for a server that runs later.
    const from = sha256 === null ? url : `${this.origin}/blobs/${sha256}`;
    // It is paid for although it could not be stored: say its whole URL.
    const response = await this.#request(from, {}, from);
    if (!response.ok) throw new Failure(`${from} answered ${response.status}.`);
    return new Uint8Array(await whole(from, response.arrayBuffer()));
  }

  /** Closes its connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #post(
    path: string,
    body: string,
    credentials: Readonly<Record<string, string>>,
  ): Promise<HttpAnswer> {
    const response = await this.#request(this.origin + path, {
      method: 'POST',
      headers: { ...credentials, 'content-type': 'application/json' },
      body,
    });
    const { status, headers } = response;
    const cache = headers.get('x-cache') ?? undefined;
    const isStored = /;\s*stored\b/.test(headers.get('cache-status') ?? '');
    return { status, cache, isStored, text: await whole(this.origin, response.text()) };
  }

  /** Fetches; `name` is what a failure calls the server. */
  async #request(url: string, init: RequestInit, name = this.origin): Promise<Response> {
    try {
      return await fetch(url, { ...init, dispatcher: this.#agent });
    } catch (cause) {
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : cause;
      throw new Failure(`${name} cannot be reached: ${reason}`, undefined, { cause });
    }
  }
}

/** Reads a body to its end. */
async function whole<T>(name: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw new Failure(`${name} broke off its answer.`, undefined, { cause });
  }
}

/** Yields the events of a stream as they come. */
async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  let unread = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    unread += decoder.decode(chunk, { stream: true });
    const end = unread.lastIndexOf('\n\n') + 2;
    if (end < 2) continue;
    yield* readEvents(unread.slice(0, end));
    unread = unread.slice(end);
  }
}

function brokenOff(origin: string, cause?: unknown): Failure {
  const message = `${origin} broke off before the image was there. Ask again: what was paid for is kept.`;
  return new Failure(message, undefined, { cause });
}

function bearer(credential: string | undefined): Readonly<Record<string, string>> {
  return credential === undefined ? {} : { authorization: `Bearer ${credential}` };
}

function parseAnswer(text: string, origin: string): GenerateAnswerBody {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure(`${origin} answered, but not as a dashcache does.`, undefined, { cause });
  }
}
