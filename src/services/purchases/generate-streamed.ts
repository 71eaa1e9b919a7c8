import type { CacheStatus } from '../../core/cache/cache-status.ts';
import type { HeaderList } from '../../core/headers.ts';
import type { ForwardReason, ImageOutcome, ImageRequest } from '../image-request.ts';
import type { ImageService } from './image-service.ts';
import { LiveStream } from './live-stream.ts';

/** How a request for a stream is answered. */
export type Streamed =
  /** From the store, by another's flight, or by an answer that is no stream. */
  | { readonly kind: 'settled'; readonly outcome: ImageOutcome }
  /** It has begun to come from upstream. */
  | {
      readonly kind: 'live';
      readonly headers: HeaderList;
      readonly chunks: AsyncIterable<Uint8Array>;
      /** Why it was forwarded; whether it will be stored is not known yet. */
      readonly status: CacheStatus;
      /** What became of the purchase in the end. */
      readonly outcome: Promise<ImageOutcome>;
    };

/** What may wait for a client that reads more slowly than upstream sends. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Answers a request for a stream: whoever buys it sees it live, everybody else gets what was bought. */
export async function generateStreamed(
  images: Pick<ImageService, 'generate'>,
  request: ImageRequest,
): Promise<Streamed> {
  const live = new LiveStream(MAX_WAITING_BYTES);
  let fwd: ForwardReason = 'miss';
  const streaming: ImageRequest = {
    ...request,
    call: async (reason) => {
      fwd = reason;
      return { ...(await request.call(reason)), live };
    },
  };
  const outcome = generate(images, streaming);
  return await Promise.race([
    outcome.then((settled): Streamed => ({ kind: 'settled', outcome: settled })),
    live.begun.then((headers): Streamed => {
      const status: CacheStatus = { kind: 'forwarded', fwd, stored: false, collapsed: false, detail: 'live' };
      return { kind: 'live', headers, chunks: live.chunks(), status, outcome };
    }),
  ]);
}

/**
 * Some recipes are drawn only as a stream, and refused with 400 when asked for otherwise. Such a refusal of somebody else's
 * request says nothing of this one.
 */
async function generate(
  images: Pick<ImageService, 'generate'>,
  request: ImageRequest,
): Promise<ImageOutcome> {
  const outcome = await images.generate(request);
  const { status } = outcome;
  const refused = outcome.kind === 'relay' && outcome.answer.status === 400 && !outcome.answer.streamed;
  return refused && status.kind === 'forwarded' && status.collapsed
    ? await images.generate(request)
    : outcome;
}
