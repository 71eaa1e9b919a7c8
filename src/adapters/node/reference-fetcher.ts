import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import { AppError } from '../../core/errors.ts';
import { findHeader } from '../../core/headers.ts';
import type { ReferenceFetcher } from '../../ports/reference-fetcher.ts';
import { type Transport, TransportError, type TransportResponse } from '../../ports/transport.ts';
import type { AllowRule } from './allow-rules.ts';
import { checkReferenceUrl, type Lookup, resolveReference, systemLookup } from './reference-address.ts';
import { SharedWork, settleUnlessAborted } from './shared-work.ts';

export interface ReferenceFetcherOptions {
  /** Hosts that may be fetched although their address is private. */
  readonly allow: readonly AllowRule[];
  /** The largest image, in bytes. */
  readonly maxBytes: number;
  /** The bytes of all downloads under way: `take` throws when they do not fit. */
  readonly budget?: { take(bytes: number): void; giveBack(bytes: number): void } | undefined;
  /** Limit on one fetch with all of its redirects, in milliseconds. Default 20 000. */
  readonly timeoutMs?: number | undefined;
  /** Default 5. */
  readonly maxRedirects?: number | undefined;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** A transport all of whose connections go to this IP address, with Host and TLS name of the URL. */
  readonly openTransport: (address: string) => Transport & { close(): Promise<void> };
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** No cookies, no credentials, nothing about the caller. Compressed images would hide their size from the bound. */
const REQUEST_HEADERS = [
  ['accept', 'image/*'],
  ['accept-encoding', 'identity'],
  ['user-agent', 'dashcache'],
] as const;

/**
 * Fetches images for clients, guarded as the port demands. Simultaneous requests for one URL share one download.
 *
 * Messages name the host that the client named: never the query, which may be a signature, and no address or host that
 * was found on the way.
 */
export function createReferenceFetcher(options: ReferenceFetcherOptions): ReferenceFetcher {
  const downloads = new SharedWork<Uint8Array>();
  return {
    fetch: (url, signal) => downloads.run(url, (left) => download(url, left, options), signal),
  };
}

async function download(
  text: string,
  left: AbortSignal,
  options: ReferenceFetcherOptions,
): Promise<Uint8Array> {
  if (!URL.canParse(text)) throw new AppError('reference_refused', 'the reference image URL is not a URL');
  const url = new URL(text);
  checkReferenceUrl(url, url.host);
  const { timeoutMs = 20_000 } = options;
  const ending = new AbortController();
  const onLeft = () => ending.abort(left.reason);
  left.addEventListener('abort', onLeft, { once: true });
  const timer = setTimeout(
    () => ending.abort(unavailable(url, `it took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await followRedirects(url, ending.signal, options);
  } catch (error) {
    if (error instanceof TransportError) throw unavailable(url, 'the connection failed', error);
    throw error;
  } finally {
    clearTimeout(timer);
    left.removeEventListener('abort', onLeft);
  }
}

async function followRedirects(
  start: URL,
  signal: AbortSignal,
  options: ReferenceFetcherOptions,
): Promise<Uint8Array> {
  const { maxRedirects = 5, lookup = systemLookup } = options;
  let url = start;
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    // Every hop is resolved anew and connects to the checked address only: a second answer of DNS changes nothing.
    const resolving = resolveReference(url, start.host, lookup, options.allow);
    const addresses = await settleUnlessAborted(resolving, signal);
    const outcome = await request(url, addresses, signal, options.openTransport, async (response) =>
      REDIRECTS.has(response.status) ? findTarget(start, url, response) : readImage(start, response, options),
    );
    if (outcome instanceof Uint8Array) return outcome;
    url = outcome;
  }
  throw unavailable(start, `it redirects more than ${maxRedirects} times`);
}

/** Goes on to the next address only while it is certain that none has seen the request. */
async function request<T>(
  url: URL,
  addresses: readonly string[],
  signal: AbortSignal,
  openTransport: ReferenceFetcherOptions['openTransport'],
  read: (response: TransportResponse) => Promise<T>,
): Promise<T> {
  let failure = new TransportError('there is no address', false);
  for (const address of addresses) {
    const transport = openTransport(address);
    try {
      const { origin, pathname, search } = url;
      const path = pathname + search;
      return await read(
        await transport.send({ method: 'GET', origin, path, headers: REQUEST_HEADERS, signal }),
      );
    } catch (error) {
      if (!(error instanceof TransportError) || error.sent) throw error;
      failure = error;
    } finally {
      await transport.close();
    }
  }
  throw failure;
}

function findTarget(start: URL, url: URL, response: TransportResponse): URL {
  const location = findHeader(response.headers, 'location');
  if (location === undefined || !URL.canParse(location, url)) {
    throw unavailable(start, `it answers ${response.status} without a usable Location`);
  }
  const target = new URL(location, url);
  checkReferenceUrl(target, start.host);
  return target;
}

async function readImage(
  start: URL,
  response: TransportResponse,
  { maxBytes, budget }: ReferenceFetcherOptions,
): Promise<Uint8Array> {
  if (response.status < 200 || response.status > 299) {
    throw unavailable(start, `it answers ${response.status}`);
  }
  const encoding = findHeader(response.headers, 'content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') throw unavailable(start, 'it is sent compressed');
  const tooLarge = `it is larger than ${maxBytes} bytes`;
  if (Number(findHeader(response.headers, 'content-length') ?? 0) > maxBytes)
    throw unavailable(start, tooLarge);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      if (size + chunk.byteLength > maxBytes) throw unavailable(start, tooLarge);
      budget?.take(chunk.byteLength);
      size += chunk.byteLength;
      chunks.push(chunk);
    }
    return concatBytes(chunks);
  } finally {
    budget?.giveBack(size);
  }
}

function unavailable(start: URL, why: string, cause?: Error): AppError {
  const message = `the reference image at ${start.host} cannot be fetched: ${why}`;
  return new AppError('reference_unavailable', message, { cause });
}
