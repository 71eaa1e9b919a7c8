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
  /** What stands before `/api/v1`, without a slash at the end. */
  readonly prefix: string;
  /** Sent with every request, so that a loop back to ourselves is seen (RFC 8586). */
  readonly loopHeaders: HeaderList;
}

/** The vendor answers with a few kilobytes, or with images in base64; more than this is no answer of its. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * What survives of an answer's headers. The vendor's others tell about its account (`x-dashscope-uid`, `-apikeyid`,
 * cookies) or its timing (`req-cost-time`, `date`), and would be wrong or indiscreet for the next caller.
 */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  // Of what came in an encoding that the transport does not know: it is relayed as it came.
  'content-encoding',
  'retry-after',
  'x-request-id',
]);

/** The free call that tells whether a key is good. */
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
        // Stored as it is and served to many: identity, whatever this client could decode.
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

  /** What costs nothing. */
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

/** The whole of an answer, bounded. */
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
