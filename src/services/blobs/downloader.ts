import { drain } from '../../core/bytes/drain.ts';
import type { AnswerAsset } from '../../core/dashscope/answer-assets.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import { findHeader } from '../../core/headers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Transport, TransportResponse } from '../../ports/transport.ts';
import { withDeadline } from '../limits/deadline.ts';
import { retry, type Tried } from '../limits/retry.ts';
import type { DownloadedBytes } from '../purchases/flight-stage.ts';
import type { BlobStore, StagedImage } from './blob-store.ts';
import { DownloadProgress } from './download-progress.ts';
import { isStorageFailure } from './storage-failure.ts';

export interface DownloaderOptions {
  /** The largest picture that is kept, in bytes. */
  readonly maxBytes: number;
  /** How long one picture may take, retries included, in milliseconds. */
  readonly budgetMs: number;
}

/** Passes a body of a declared length through whoever counts it. */
type Count = (total: number | undefined, chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

const uncounted: Count = (_, chunks) => chunks;

const MAX_REDIRECTS = 3;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 4_000;

/** Collaborators of `Downloader`. */
export interface DownloaderDeps {
  readonly transport: Transport;
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

/** Fetches result images before their URLs die. */
export class Downloader {
  readonly #deps: DownloaderDeps;
  readonly #options: DownloaderOptions;

  constructor(deps: DownloaderDeps, options: DownloaderOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** All of them at once, or none: what was staged before one failed is dropped. `onBytes` is told how far they are. */
  async downloadAll(
    assets: readonly AnswerAsset[],
    onBytes: (downloaded: DownloadedBytes) => void = () => {},
  ): Promise<StagedImage[]> {
    const tally = new DownloadProgress(assets.length, onBytes);
    const results = await Promise.allSettled(
      assets.map((asset, index) => this.#stage(asset, (total, chunks) => tally.count(index, total, chunks))),
    );
    const staged = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return staged;
    await Promise.all(staged.map((image) => image.discard()));
    throw failed.reason;
  }

  async #stage(asset: AnswerAsset, count: Count): Promise<StagedImage> {
    if ('url' in asset) return await this.download(asset.url, count);
    const { bytes } = asset;
    return await this.#deps.blobs.receive(count(bytes.byteLength, once(bytes)), {
      maxBytes: this.#options.maxBytes,
      declaredBytes: bytes.byteLength,
    });
  }

  /**
   * One picture, tried again on any failure of the network or of the bytes until the time is over: it is paid for, and
   * object stores do answer 404 for a moment after a write.
   */
  async download(url: string, count: Count = uncounted): Promise<StagedImage> {
    // Before the first try: no time makes it right.
    const target = parseResultUrl(url);
    let lastError: unknown;
    const receive = async (signal: AbortSignal) => {
      try {
        return await this.#receive(target, count, signal);
      } catch (error) {
        // The end of the time says nothing about the picture; what went wrong before it does.
        if (!signal.aborted) lastError = error;
        throw error;
      }
    };
    try {
      return await withDeadline(this.#deps.clock, this.#options.budgetMs, (signal) =>
        retry(this.#deps.clock, { waitAfter, signal }, () => receive(signal)),
      );
    } catch (error) {
      throw asAppError(isFinal(error) ? error : (lastError ?? error));
    }
  }

  /** One try within `budgetMs`, for a picture that is only perhaps still there. */
  async downloadOnce(url: string, budgetMs: number): Promise<StagedImage> {
    const target = parseResultUrl(url);
    try {
      return await withDeadline(this.#deps.clock, budgetMs, (signal) =>
        this.#receive(target, uncounted, signal),
      );
    } catch (error) {
      throw asAppError(error);
    }
  }

  async #receive(url: URL, count: Count, signal: AbortSignal): Promise<StagedImage> {
    const { response, isRedirected } = await this.#get(url, signal);
    const encoding = findHeader(response.headers, 'content-encoding') ?? 'identity';
    if (response.status !== 200 || encoding !== 'identity') {
      await drain(response.body);
      throw new AppError('upstream_invalid', `The result URL answered ${response.status} (${encoding}).`, {
        // What a place says to which we were sent is no word of the image's own host: a network may want a sign-in.
        ...(isRedirected ? {} : { upstream: { status: response.status, code: undefined } }),
      });
    }
    const length = findHeader(response.headers, 'content-length');
    const declaredBytes = length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
    const { maxBytes } = this.#options;
    return await this.#deps.blobs.receive(
      count(declaredBytes, response.body),
      { maxBytes, declaredBytes },
      signal,
    );
  }

  async #get(
    url: URL,
    signal: AbortSignal,
  ): Promise<{ readonly response: TransportResponse; readonly isRedirected: boolean }> {
    let target = url;
    for (let hops = 0; ; hops += 1) {
      const response = await this.#deps.transport.send({
        method: 'GET',
        origin: target.origin,
        path: target.pathname + target.search,
        // A signed URL carries its own right; object stores refuse an Authorization beside it.
        headers: [
          ['accept', 'image/*,*/*;q=0.5'],
          ['accept-encoding', 'identity'],
        ],
        signal,
      });
      const location = findHeader(response.headers, 'location');
      if (
        response.status < 300 ||
        response.status >= 400 ||
        location === undefined ||
        hops >= MAX_REDIRECTS
      ) {
        return { response, isRedirected: hops > 0 };
      }
      await drain(response.body);
      target = parseResultUrl(new URL(location, target).href);
    }
  }
}

function waitAfter(outcome: PromiseSettledResult<StagedImage>, { tries }: Tried): number | undefined {
  if (outcome.status === 'fulfilled' || isFinal(outcome.reason)) return undefined;
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (tries - 1));
}

/** Failures that a further try does not cure: the store's own, and a picture that is too large. */
function isFinal(error: unknown): boolean {
  return isStorageFailure(error) || isAppError(error, 'image_too_large');
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

function parseResultUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' || parsed?.protocol === 'http:') return parsed;
  throw new AppError('upstream_invalid', 'Upstream named a picture by something that is no http(s) URL.');
}

function asAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  return new AppError('upstream_invalid', 'The picture could not be downloaded.', { cause: error });
}
