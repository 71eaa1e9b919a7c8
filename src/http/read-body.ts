import type { Context } from 'hono';
import { AppError } from '../core/errors.ts';
import { joinBytes } from '../core/join-bytes.ts';
import type { Clock } from '../ports/clock.ts';
import type { ByteBudget } from '../services/byte-budget.ts';
import { DeadlineError, withDeadline } from '../services/deadline.ts';
import { untilAborted } from '../services/until-aborted.ts';

export interface BodyLimits {
  /** The largest body that is read. */
  readonly maxBytes: number;
  /** What all bodies held at once may come to. */
  readonly budget: ByteBudget;
  readonly clock: Clock;
}

/** Read in one go, which is faster: no more than Node reads ahead for every connection anyway. */
const SMALL_BYTES = 64 * 1024;

/** The slowest line that is waited for takes this long for the largest body. */
const ARRIVAL_MS = 5 * 60 * 1000;

/**
 * Reads the whole body, gives it to `use`, and counts it against the budget until that has ended. `body_too_large` beyond
 * the bound, before it is read where its length is declared; `overloaded` beyond the budget. Only what has arrived counts:
 * a declaration costs its sender nothing. With `take` it adds what else it comes to hold, under the same bounds.
 */
export async function withBody<T>(
  c: Context,
  { maxBytes, budget, clock }: BodyLimits,
  use: (body: Uint8Array, take: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const declared = Number(c.req.header('content-length') ?? Number.NaN);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  let held = 0;
  const take = (bytes: number) => {
    if (held + bytes > maxBytes) throw tooLarge(maxBytes);
    budget.take(bytes);
    held += bytes;
  };
  try {
    if (!(declared <= SMALL_BYTES)) return await use(await readChunks(c, take, clock), take);
    const body = new Uint8Array(await c.req.arrayBuffer());
    take(body.byteLength);
    return await use(body, take);
  } finally {
    budget.giveBack(held);
  }
}

async function readChunks(c: Context, take: (bytes: number) => void, clock: Clock): Promise<Uint8Array> {
  const { body } = c.req.raw;
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  try {
    await withDeadline(clock, ARRIVAL_MS, async (signal) => {
      for await (const chunk of untilAborted(body, signal)) {
        take(chunk.byteLength);
        chunks.push(chunk);
      }
    });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    throw new AppError('invalid_request', `The body did not arrive within ${ARRIVAL_MS / 60_000} minutes.`);
  }
  return joinBytes(chunks);
}

/** `unsupported_media_type` unless the body is declared to be JSON, not compressed (RFC 9110 section 8.4). */
export function requireJson(c: Context): void {
  const encoding = c.req.header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new AppError('unsupported_media_type', `Content-Encoding must be absent, not ${encoding}.`, {
      field: 'Content-Encoding',
    });
  }
  const type = c.req.header('content-type');
  const essence = type?.split(';', 1)[0]?.trim().toLowerCase();
  if (essence === 'application/json') return;
  throw new AppError(
    'unsupported_media_type',
    `Content-Type must be application/json, not ${type ?? 'absent'}.`,
    {
      field: 'Content-Type',
    },
  );
}

function tooLarge(maxBytes: number): AppError {
  return new AppError(
    'body_too_large',
    `Payload Too Large: the body, with the pictures it names, may have ${maxBytes} bytes (DASHCACHE_MAX_BODY).`,
  );
}
