import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import { drain } from '../../core/bytes/drain.ts';
import { AppError } from '../../core/errors.ts';
import { findHeader } from '../../core/headers.ts';
import type { ReferenceFetcher } from '../../ports/reference-fetcher.ts';
import { type Transport, TransportError, type TransportResponse } from '../../ports/transport.ts';
import { checkPublicUrl } from './public-host.ts';

export interface PublicFetcherOptions {
  readonly transport: Transport;
  /** `host` or `host:port` that may be fetched although its name is not public. */
  readonly allowed: ReadonlySet<string>;
  /** The largest image, in bytes. */
  readonly maxBytes: number;
  /** Limit on one fetch with all of its redirects, in milliseconds. Default 20 000. */
  readonly timeoutMs?: number | undefined;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** No cookies, no credentials, nothing about the caller. */
const REQUEST_HEADERS = [
  ['accept', 'image/*'],
  ['user-agent', 'dashcache'],
] as const;

/** Fetches images for clients as far as a Worker can guard it: see `checkPublicUrl` for what it cannot see. */
export function createPublicFetcher(options: PublicFetcherOptions): ReferenceFetcher {
  return { fetch: (url, signal) => download(url, signal, options) };
}

async function download(
  text: string,
  left: AbortSignal | undefined,
  { transport, allowed, maxBytes, timeoutMs = 20_000 }: PublicFetcherOptions,
): Promise<Uint8Array> {
  if (!URL.canParse(text)) throw new AppError('reference_refused', 'the reference image URL is not a URL');
  const start = new URL(text);
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = left === undefined ? timeout : AbortSignal.any([left, timeout]);
  let url = start;
  try {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      checkPublicUrl(url, allowed, start.host);
      const { origin, pathname, search } = url;
      const path = pathname + search;
      const response = await transport.send({
        method: 'GET',
        origin,
        path,
        headers: REQUEST_HEADERS,
        signal,
      });
      if (!REDIRECTS.has(response.status)) return await readImage(start, response, maxBytes);
      await drain(response.body);
      url = findTarget(start, url, response);
    }
  } catch (error) {
    if (timeout.aborted) throw unavailable(start, `it took longer than ${timeoutMs} ms`);
    if (error instanceof TransportError) throw unavailable(start, 'the connection failed', error);
    throw error;
  }
  throw unavailable(start, `it redirects more than ${MAX_REDIRECTS} times`);
}

function findTarget(start: URL, url: URL, response: TransportResponse): URL {
  const location = findHeader(response.headers, 'location');
  if (location === undefined || !URL.canParse(location, url)) {
    throw unavailable(start, `it answers ${response.status} without a usable Location`);
  }
  return new URL(location, url);
}

async function readImage(start: URL, response: TransportResponse, maxBytes: number): Promise<Uint8Array> {
  const isGood = response.status >= 200 && response.status <= 299;
  const isTooLarge = (size: number) => size > maxBytes;
  if (!isGood || isTooLarge(Number(findHeader(response.headers, 'content-length') ?? 0))) {
    await drain(response.body);
    throw unavailable(
      start,
      isGood ? `it is larger than ${maxBytes} bytes` : `it answers ${response.status}`,
    );
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (isTooLarge(size)) throw unavailable(start, `it is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

function unavailable(start: URL, why: string, cause?: Error): AppError {
  const message = `the reference image at ${start.host} cannot be fetched: ${why}`;
  return new AppError('reference_unavailable', message, { cause });
}
