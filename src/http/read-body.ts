import type { Context } from 'hono';
import { AppError } from '../core/errors.ts';
import { joinBytes } from '../core/join-bytes.ts';
import type { ByteBudget } from '../services/byte-budget.ts';

export interface BodyLimits {
  /** The largest body that is read. */
  readonly maxBytes: number;
  /** What all bodies held at once may come to. */
  readonly budget: ByteBudget;
}

/**
 * Reads the whole body, gives it to `use`, and counts it against the budget until that has ended. `body_too_large` beyond
 * the bound, before it is read where its length is declared; `overloaded` beyond the budget.
 */
export async function withBody<T>(
  c: Context,
  { maxBytes, budget }: BodyLimits,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  const declared = c.req.header('content-length');
  let held = 0;
  const take = (bytes: number) => {
    if (held + bytes > maxBytes) throw tooLarge(maxBytes);
    budget.take(bytes);
    held += bytes;
  };
  try {
    if (declared === undefined) return await use(await readChunks(c, take));
    take(Number(declared));
    return await use(new Uint8Array(await c.req.arrayBuffer()));
  } finally {
    budget.giveBack(held);
  }
}

async function readChunks(c: Context, take: (bytes: number) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of c.req.raw.body ?? []) {
    take(chunk.byteLength);
    chunks.push(chunk);
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
    `Payload Too Large: the body may have ${maxBytes} bytes (DASHCACHE_MAX_BODY).`,
  );
}
