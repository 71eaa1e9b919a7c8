import type { Context } from 'hono';
import { readAll } from '../../core/bytes/read-all.ts';
import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ByteBudget } from '../../services/limits/byte-budget.ts';
import { DeadlineError, withDeadline } from '../../services/limits/deadline.ts';
import { untilAborted } from '../../services/limits/until-aborted.ts';
import type { Hold } from '../../services/requests/reference-resolver.ts';

export interface BodyLimits {
  /** The largest body that is read. */
  readonly maxBytes: number;
  /** What all bodies held at once may come to. */
  readonly budget: ByteBudget;
  readonly clock: Clock;
}

/** Has what a request holds counted until this has ended, too: a flight that outlives its answer's head holds it still. */
export type HoldUntil = (end: Promise<unknown>) => void;

/** Read in one go, which is faster: no more than Node reads ahead for every connection anyway. */
const SMALL_BYTES = 64 * 1024;

/** The slowest line that is waited for takes this long for the largest body. */
const ARRIVAL_MS = 5 * 60 * 1000;

/**
 * Reads the whole body, gives it to `use`, and counts it against the budget until that has ended. `body_too_large` beyond
 * the bound, before it is read where its length is declared; `overloaded` beyond the budget. Only what has arrived counts:
 * a declaration costs its sender nothing. With `hold` it adds what else it comes to hold, under the same bounds.
 */
export async function withBody<T>(
  c: Context,
  limits: BodyLimits,
  use: (body: Uint8Array, hold: Hold, holdUntil: HoldUntil) => Promise<T>,
): Promise<T> {
  const { clock } = limits;
  return await withHold(c, limits, async (hold, holdUntil) => {
    if (!(declaredLength(c) <= SMALL_BYTES))
      return await use(await readArrival(c, hold, clock, readAll), hold, holdUntil);
    const body = new Uint8Array(await c.req.arrayBuffer());
    hold(body.byteLength);
    return await use(body, hold, holdUntil);
  });
}

/** Runs `use`, and gives back what it holds when it, and what it says to wait for, has ended. Refuses a body that is declared to be too large. */
export async function withHold<T>(
  c: Context,
  { maxBytes, budget }: Omit<BodyLimits, 'clock'>,
  use: (hold: Hold, holdUntil: HoldUntil) => Promise<T>,
): Promise<T> {
  if (declaredLength(c) > maxBytes) throw bodyTooLarge(maxBytes);
  let held = 0;
  const hold = (bytes: number) => {
    if (held + bytes > maxBytes) throw bodyTooLarge(maxBytes);
    budget.take(bytes);
    held += bytes;
  };
  let outliving: Promise<unknown> | undefined;
  const giveBack = () => budget.giveBack(held);
  try {
    return await use(hold, (end) => {
      outliving = end;
    });
  } finally {
    if (outliving === undefined) giveBack();
    else outliving.then(giveBack, giveBack);
  }
}

/** Gives the body to `read` while it arrives; `count` is told of each chunk. `invalid_request` when it takes too long. */
export async function readArrival<T>(
  c: Context,
  count: Hold,
  clock: Clock,
  read: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const { body } = c.req.raw;
  try {
    return await withDeadline(clock, ARRIVAL_MS, (signal) =>
      read(holding(body === null ? none() : untilAborted(body, signal), count)),
    );
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    throw new AppError('invalid_request', `The body did not arrive within ${ARRIVAL_MS / 60_000} minutes.`);
  }
}

/** The same chunks; `hold` is told of each, and what it throws ends them. */
export async function* holding(
  chunks: AsyncIterable<Uint8Array>,
  hold: Hold,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    hold(chunk.byteLength);
    yield chunk;
  }
}

async function* none(): AsyncGenerator<Uint8Array, void, undefined> {}

function declaredLength(c: Context): number {
  return Number(c.req.header('content-length') ?? Number.NaN);
}

/** `unsupported_media_type` unless the body is declared to be JSON, not compressed (RFC 9110 section 8.4). */
export function requireJson(c: Context): void {
  refuseEncoded(c);
  if (mediaTypeOf(c) === 'application/json') return;
  throw wrongType(c, 'application/json');
}

/** True for a form with files, false for JSON; `unsupported_media_type` for what is neither, or is compressed. */
export function isForm(c: Context): boolean {
  refuseEncoded(c);
  const type = mediaTypeOf(c);
  if (type === 'multipart/form-data') return true;
  if (type === 'application/json') return false;
  throw wrongType(c, 'application/json or multipart/form-data');
}

function refuseEncoded(c: Context): void {
  const encoding = c.req.header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return;
  throw new AppError('unsupported_media_type', `Content-Encoding must be absent, not ${encoding}.`, {
    field: 'Content-Encoding',
  });
}

function mediaTypeOf(c: Context): string | undefined {
  return c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

function wrongType(c: Context, wanted: string): AppError {
  const type = c.req.header('content-type') ?? 'absent';
  return new AppError('unsupported_media_type', `Content-Type must be ${wanted}, not ${type}.`, {
    field: 'Content-Type',
  });
}

/** The answer to a body beyond `DASHCACHE_MAX_BODY`. */
export function bodyTooLarge(maxBytes: number): AppError {
  return new AppError(
    'body_too_large',
    `Payload Too Large: the body, with the pictures it names, may have ${maxBytes} bytes (DASHCACHE_MAX_BODY).`,
  );
}
