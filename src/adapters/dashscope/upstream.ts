import { readAll } from '../../core/bytes/read-all.ts';
import { AppError } from '../../core/errors.ts';
import { findHeader, type HeaderList, withoutHopByHop } from '../../core/headers.ts';
import type {
  GenerationCall,
  ImageUpstream,
  StreamSink,
  UpstreamAnswer,
} from '../../ports/image-upstream.ts';
import type { Transport, TransportResponse } from '../../ports/transport.ts';
import { asksForRepetition, collectStream, isStream, withStream } from './stream.ts';

export interface DashScopeOptions {
  /** Scheme and authority. */
  readonly origin: string;
  /** The path before `/api/v1`, without a slash at its end. */
  readonly prefix: string;
  /** Sent with every request, so that a loop back to ourselves is seen (RFC 8586). */
  readonly loopHeaders: HeaderList;
}

/** The largest answer, in bytes. The vendor sends a few kilobytes, or images in base64. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * The headers of an answer that are kept. The vendor's others tell about the account (`x-dashscope-uid`, `-apikeyid`,
 * cookies) or its timing (`req-cost-time`, `date`), and would be wrong or indiscreet for the next caller.
 */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  // An encoding that the transport does not know is relayed unchanged.
  'content-encoding',
  'retry-after',
  'x-request-id',
]);

/** A free call that tells whether a key is good. */
const PROOF_QUERY = 'page_no=1&page_size=1';

export class DashScopeUpstream implements ImageUpstream {
  readonly #transport: Transport;
  readonly #options: DashScopeOptions;

  constructor(transport: Transport, options: DashScopeOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  async generate(call: GenerationCall, signal: AbortSignal): Promise<UpstreamAnswer> {
    const response = await this.#transport.send({
      method: 'POST',
      origin: this.#options.origin,
      path: this.#options.prefix + call.path,
      headers: [
        ...withoutHopByHop(call.live === undefined ? call.headers : withStream(call.headers)),
        ['authorization', `Bearer ${call.apiKey}`],
        // It is stored unchanged and served to many: ask for identity, whatever this client can decode.
        ['accept-encoding', 'identity'],
        ['content-length', String(call.body.byteLength)],
        ...this.#options.loopHeaders,
      ],
      body: call.body,
      signal,
      ownConnection: true,
    });
    return await readAnswer(response, call.live, () => asksForRepetition(call.body));
  }

  async poll(taskId: string, apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    return await this.#ask('GET', `/api/v1/tasks/${encodeURIComponent(taskId)}`, apiKey, signal);
  }

  async cancel(taskId: string, apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    return await this.#ask('POST', `/api/v1/tasks/${encodeURIComponent(taskId)}/cancel`, apiKey, signal);
  }

  async list(query: string, apiKey: string, signal: AbortSignal, via: HeaderList): Promise<UpstreamAnswer> {
    return await this.#ask('GET', `/api/v1/tasks?${query}`, apiKey, signal, via);
  }

  async prove(apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    return await this.list(PROOF_QUERY, apiKey, signal, []);
  }

  /** Sends a call that costs nothing. */
  async #ask(
    method: string,
    path: string,
    apiKey: string,
    signal: AbortSignal,
    via: HeaderList = [],
  ): Promise<UpstreamAnswer> {
    const response = await this.#transport.send({
      method,
      origin: this.#options.origin,
      path: this.#options.prefix + path,
      headers: [
        ['authorization', `Bearer ${apiKey}`],
        ['accept', 'application/json'],
        ['accept-encoding', 'identity'],
        ...(method === 'POST' ? [['content-length', '0'] as const] : []),
        ...via,
        ...this.#options.loopHeaders,
      ],
      signal,
    });
    return readAnswer(response);
  }
}

/** Reads a whole answer, up to the bound. */
export async function readAnswer(
  response: TransportResponse,
  live?: StreamSink,
  isRepeating: () => boolean = () => false,
): Promise<UpstreamAnswer> {
  const headers = response.headers.filter(([name]) => KEPT_HEADERS.has(name));
  const simulated = findHeader(response.headers, 'x-dashcache-simulator') !== undefined;
  const tooLarge = () =>
    new AppError('upstream_invalid', `Upstream's answer is larger than ${MAX_ANSWER_BYTES} bytes.`);
  if (live !== undefined && isStream(response)) {
    live.begin(headers);
    const whole = await collectStream(response.body, live, MAX_ANSWER_BYTES, tooLarge, isRepeating());
    return { ...whole, simulated };
  }
  const body = await readAll(response.body, MAX_ANSWER_BYTES, tooLarge);
  return { status: response.status, headers, body, simulated };
}
